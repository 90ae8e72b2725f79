"""`shopstream up`: start a stack and return when every part is ready."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from contracts.errors import EnvironmentProblem, Usage
from local import laptop, launch
from local.home import Home
from local.supervisor.plan import Plan
from ops import console
from ops.console import AsJson
from ops.settings import CommandSettings
from ops.stack import Stack, current_home, open_stack

NEXT = (
    "shopstream replay online-retail examples/online_retail_slice.csv.gz --speed max",
    "shopstream status --watch",
    "shopstream verify",
)


def up(
    *,
    brokers: Annotated[
        int | None, typer.Option(help="Kafka brokers, 1 or 3; fixed when the stack is first made.")
    ] = None,
    replicas: Annotated[
        int | None,
        typer.Option(help="Copies of each shard of Valkey, 0 or 1; fixed when first made."),
    ] = None,
    java: Annotated[
        Path | None, typer.Option(help="Use this JDK (17 to 25) instead of the bundled Java.")
    ] = None,
    take_over: Annotated[
        bool, typer.Option("--take-over", help="Take the applications over from another driver.")
    ] = False,
    accept_new_topic: Annotated[
        bool,
        typer.Option(
            "--accept-new-topic",
            help="Go on from the beginning of a topic that was deleted and created again.",
        ),
    ] = False,
    as_json: AsJson = False,
    without_spark: Annotated[bool, typer.Option("--without-spark", hidden=True)] = False,
    crash_order: Annotated[Path | None, typer.Option(hidden=True)] = None,
) -> None:
    """Start Kafka, Postgres, Valkey and the applications; return when all are ready.

    Safe to repeat.
    """
    _require_one_of("--brokers", brokers, (1, 3))
    _require_one_of("--replicas", replicas, (0, 1))
    settings = CommandSettings.from_environment()
    refuse_real_credentials(settings)
    options = laptop.StartOptions(
        spark=not without_spark,
        take_over=take_over,
        accept_new_topic=accept_new_topic,
        crash_order=crash_order,
    )
    request = launch.UpRequest(settings.cache, settings.network, brokers, replicas, java, options)
    stack = start(current_home(), request)
    if as_json:
        console.answer_json(summary(stack))
    else:
        show(stack)


def _require_one_of(option: str, given: int | None, known: tuple[int, int]) -> None:
    if given is not None and given not in known:
        raise Usage(
            f"{option} is {known[0]} or {known[1]}, not {given}",
            command=f"shopstream up {option} {known[1]}",
        )


def start(home: Home, request: launch.UpRequest) -> Stack:
    """Start a stack, or the parts of it that do not run, and return it when it is ready."""
    began = time.monotonic()
    _profile, plan = launch.prepare(home, request, console.progress)
    took = time.monotonic() - began
    if took > 1:
        console.progress(f"prepared in {took:.1f} s")
    return follow(home, plan)


def follow(home: Home, plan: Plan) -> Stack:
    """Start a plan, or have the running stack adopt it; print a line when a part is ready."""
    began = time.monotonic()
    try:
        for part in launch.follow(home, launch.start(home, plan)):
            took = f" in {part.ready_after:.1f} s" if part.ready_after is not None else ""
            console.progress(f"{part.title}: {part.state}{took}")
    except KeyboardInterrupt:
        console.progress("interrupted; the parts that were started go on: shopstream status, down")
        raise
    console.progress(f"everything is ready after {time.monotonic() - began:.1f} s")
    return open_stack(home)


def refuse_real_credentials(settings: CommandSettings) -> None:
    """Raise when the environment has real AWS credentials: a laptop's stack never needs them, and
    they could only do harm."""
    if settings.aws_credentials:
        names = " ".join(settings.aws_credentials)
        raise EnvironmentProblem(
            f"real AWS credentials are in the environment: {', '.join(settings.aws_credentials)}",
            cause="this shell is set up for an AWS account, which a laptop's stack never needs",
            command=f"unset {names}",
        )


def show(stack: Stack) -> None:
    """Print the table of the services, and commands to go on with."""
    services = [part for part in stack.snapshot.parts if part.kind == "service"]
    console.table(
        ("part", "state", "address"), [(part.title, part.state, part.address) for part in services]
    )
    console.line(f"state folder: {stack.home.root}")
    console.line("next:")
    for command in NEXT:
        console.line(f"  {command}")


def summary(stack: Stack) -> dict[str, object]:
    """What other programs need to know about a running stack."""
    return {
        "home": str(stack.home.root),
        "bootstrap_servers": stack.bootstrap_servers,
        "postgres": stack.postgres_url,
        "valkey": stack.valkey_url,
        "warehouse": str(stack.home.warehouse),
        "parts": {part.name: part.state for part in stack.snapshot.parts},
    }
