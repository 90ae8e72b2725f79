"""`shopstream doctor`: what on this machine would keep a stack from running."""

from __future__ import annotations

from typing import Annotated

import typer

from ops import console
from ops.diagnosis import BAD, examine
from ops.settings import Settings


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command("doctor")(doctor)


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
) -> None:
    """Check the machine. Exit code 0: a stack can run; 4: something must be changed first."""
    findings = examine(Settings.from_environment())
    if as_json:
        console.answer_json({"findings": [vars(finding) for finding in findings]})
    else:
        console.table(
            ("check", "verdict", "found", "what to do"),
            [(one.check, one.verdict, one.found, one.advice) for one in findings],
        )
    if any(one.verdict == BAD for one in findings):
        raise typer.Exit(4)
