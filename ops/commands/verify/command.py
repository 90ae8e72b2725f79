"""`shopstream verify`: prove that nothing was lost or counted twice, by another engine."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from contracts.errors import Usage
from local.supervisor.policy import GIVEN_UP
from local.supervisor.published import Snapshot, running
from ops import console
from ops.commands.verify.telling import tell
from ops.stack import open_stack
from proof.copying import ProofRuntime, StackEndpoints
from proof.proving import ProofRequest, prove
from proof.report import Report

_EXAMPLES = Path(__file__).resolve().parents[3] / "examples"


def verify(
    *,
    source: Annotated[
        list[Path] | None,
        typer.Option(help="Recompute from this raw data file too; repeat for several."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Answer with one JSON document.")] = False,
    deadline: Annotated[float, typer.Option(help="Seconds to wait until caught up.")] = 600.0,
    strict: Annotated[
        bool, typer.Option("--strict", help="Red when others than the known runs sent events.")
    ] = False,
    categories: Annotated[
        Path, typer.Option(help="Table of patterns and categories that the replay used.")
    ] = _EXAMPLES / "categories.csv",
    regions: Annotated[
        Path, typer.Option(help="Table of countries and regions that the replay used.")
    ] = _EXAMPLES / "regions.csv",
) -> int:
    """Derive every answer again from the lake and compare. 0 green, 1 red, 3 nothing to check."""
    if not deadline >= 0:  # nan too
        raise Usage(
            f"--deadline {deadline:g} is not a time to wait",
            cause="it takes seconds from 0",
            command="shopstream verify --deadline 600",
        )
    stack = open_stack()
    report = prove(
        StackEndpoints(
            stack.bootstrap_servers,
            stack.home.registry,
            stack.postgres_url,
            stack.valkey_url,
            stack.home.warehouse,
            stack.home.ledger,
            stack.home.scratch,
        ),
        ProofRequest(tuple(source or ()), categories, regions, deadline, strict),
        ProofRuntime(
            time.time,  # noqa: TID251 - the command is the edge: the proof takes a clock
            time.monotonic,
            time.sleep,
            console.progress,
            lambda: given_up(running(stack.home)),
        ),
    )
    return _answer(report, as_json)


def given_up(stack: Snapshot | None) -> dict[str, tuple[str, str]]:
    """The applications' process with its reason, where nothing starts it again: a process that dies
    at its start cannot say so itself. A superseded one has ended, and another goes on."""
    part = stack.part("spark") if stack else None
    if part is None or part.state not in GIVEN_UP:
        return {}
    return {part.title: ("failed", part.reason)}


def _answer(report: Report, as_json: bool) -> int:
    if as_json:
        console.answer_json(report.as_json())
    else:
        tell(report)
    return 0 if report.green else 1
