"""`shopstream status`: what runs, for how long, and what was given up."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from itertools import count
from typing import Annotated, Any

import typer
from rich.console import Group
from rich.live import Live

from contracts.errors import NotReady, Usage
from local.artefacts.archive import sha256
from local.supervisor.policy import GIVEN_UP, State
from local.supervisor.published import PartStatus
from ops import console
from ops.commands.status.alert_latency import WINDOW_MINUTES, AlertLatency, read_alert_latency
from ops.commands.status.applications import BROKEN, ApplicationState, read_applications
from ops.commands.status.disk_lines import disk_document, disk_lines
from ops.commands.status.lag import Lag, read_lags
from ops.console import AsJson
from ops.stack import Stack, current_home, open_stack

COLUMNS = ("part", "state", "for", "pid", "restarts", "address", "reason")
SHOWN_OF_PART = ["state", "since", "pid", "restarts", "reason", "address", "log", "ready_after"]
WATCH_SECONDS = 1.0
DISK_LOOKS = 10


def status(
    as_json: AsJson = False,
    watch: Annotated[bool, typer.Option("--watch", help="Show it until Ctrl-C.")] = False,
) -> None:
    """Show every part; how far the applications lag; how soon the alerts of the last 15 minutes
    were raised: p50 and p95 of the seconds from Kafka's append of the order that completed an alert
    to the alert's row; what the parts take of the disk, and in how many days it is full at the rate
    of the last day.

    Exit code 0: all parts are ready; 1: one was given up; 3: the stack is not running, or not yet.
    """
    if as_json and watch:
        raise Usage(
            "--json or --watch, not both: one document has an end",
            command="shopstream status --json, or shopstream status --watch",
        )
    home = current_home()
    clock = time.time  # noqa: TID251 - the edge: the table shows ages
    if watch:
        _watch(clock)
        return
    stack = open_stack(home)
    if as_json:
        console.answer_json(document(stack, clock()))
    else:
        console.table(COLUMNS, rows(stack, clock()))
        console.line(latency_line(read_alert_latency(stack.postgres_url)))
        for line in disk_lines(stack, clock()):
            console.line(line)
    code = exit_code(stack)
    if code:
        raise typer.Exit(code)


def document(stack: Stack, now: float) -> dict[str, Any]:
    """The status for programs."""
    code = stack.home.code / "code.zip"
    latency = read_alert_latency(stack.postgres_url)
    lags = _lags(stack)
    return {
        "home": str(stack.home.root),
        "stack_id": stack.profile.stack_id,
        "ready": exit_code(stack) == 0,
        "supervisor_pid": stack.snapshot.supervisor_pid,
        "bootstrap_servers": stack.bootstrap_servers,
        "postgres": stack.postgres_url,
        "warehouse": str(stack.home.warehouse),
        "code_sha256": sha256(code) if code.exists() else None,
        "applications": {
            one.name: {"state": one.state, "detail": one.detail, "batches": one.batches}
            | {"lag": asdict(lags[one.name]) if one.name in lags else None}
            for one in _applications(stack)
        },
        "alert_latency": asdict(latency) if latency else None,
        "disk": disk_document(stack, now),
        "parts": {
            part.name: {name: getattr(part, name) for name in SHOWN_OF_PART}
            for part in stack.snapshot.parts
        },
    }


def rows(stack: Stack, now: float) -> list[tuple[str, ...]]:
    """One row per service and application, and one per task that is not done."""
    shown = (p for p in stack.snapshot.parts if p.kind == "service" or p.state != State.DONE)
    applications, lags = _applications(stack), _lags(stack)
    return [
        *(_row(part, now) for part in shown),
        *(
            (f"  {one.name}", one.state, *("",) * 4, one.detail or str(lags.get(one.name, "")))
            for one in applications
        ),
    ]


def exit_code(stack: Stack) -> int:
    """0: everything is ready; 1: a part or an application was given up; 3: not ready yet."""
    states = {State(part.state) for part in stack.snapshot.parts}
    if states & {*GIVEN_UP, State.ENDED}:
        return 1
    if any(one.state in BROKEN for one in _applications(stack)):
        return 1
    return 0 if states <= {State.READY, State.DONE} else NotReady.exit_code


def _applications(stack: Stack) -> tuple[ApplicationState, ...]:
    """The applications by their own rows. Until their process is ready, those rows were written by
    an earlier process: then its state is theirs."""
    found = read_applications(stack.postgres_url)
    process = stack.snapshot.part("spark")
    if process is None or process.state in (State.READY, State.ENDED, *GIVEN_UP):
        return found
    return tuple(replace(one, state=str(process.state), detail="") for one in found)


def _lags(stack: Stack) -> dict[str, Lag]:
    """The applications' lags, where Kafka is there to say them at once."""
    ready = all(p.state == State.READY for p in stack.snapshot.parts if p.name.startswith("kafka"))
    return read_lags(stack.bootstrap_servers, stack.postgres_url) if ready else {}


def latency_line(latency: AlertLatency | None) -> str:
    """The latency of the alerts as people read it."""
    if latency is None or latency.p50_seconds is None or latency.p95_seconds is None:
        return f"alert latency: no alerts in the last {WINDOW_MINUTES} min"
    return (
        f"alert latency: p50 {latency.p50_seconds:.1f} s, p95 {latency.p95_seconds:.1f} s "
        f"({latency.alerts:,} alerts in the last {WINDOW_MINUTES} min)"
    )


def age(seconds: float) -> str:
    """A duration as people read it."""
    whole = max(0, int(seconds))
    hours, minutes = whole // 3600, whole // 60 % 60
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {whole % 60} s" if minutes else f"{whole} s"


def _row(part: PartStatus, now: float) -> tuple[str, ...]:
    pid = str(part.pid) if part.pid else ""
    since = age(now - part.since)
    return part.title, part.state, since, pid, str(part.restarts), part.address, part.reason


def _watch(clock: Callable[[], float]) -> None:
    if not console.is_rich():
        for stack, below in _looks(clock):
            console.table(COLUMNS, rows(stack, clock()))
            for line in below:
                console.line(line)
    with Live(console=console.stdout(), refresh_per_second=4) as live:
        for stack, below in _looks(clock):
            live.update(Group(console.rich_table(COLUMNS, rows(stack, clock())), *below))


def _looks(clock: Callable[[], float]) -> Iterator[tuple[Stack, list[str]]]:
    """The stack and the lines below its table, once per second for ever. A large lake has many
    files, so the disk is looked at less often."""
    disk: list[str] = []
    for look in count():
        stack = open_stack()
        if look % DISK_LOOKS == 0:
            disk = disk_lines(stack, clock())
        yield stack, [latency_line(read_alert_latency(stack.postgres_url)), *disk]
        time.sleep(WATCH_SECONDS)
