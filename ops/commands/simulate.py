"""`shopstream simulate`: seeded shoppers who browse, buy and sometimes cheat, into the stack."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from ops.producer import become, program
from ops.stack import open_stack


def _option(metavar: str, said: str) -> Any:
    return typer.Option(metavar=metavar, help=said)


# The producer judges what is given: its limits are told in one place.
Given = str | None
Rate = Annotated[
    Given, _option("N|max", "Events a second on average; 1000, or max where only --count is given.")
]
Duration = Annotated[Given, _option("SECONDS", "Until Ctrl-C if not given.")]
Count = Annotated[Given, _option("N", "How many events, copies not counted.")]
Seed = Annotated[Given, _option("N", "What decides all they do; 1 if not given.")]
Workers = Annotated[Given, _option("N", "Processes that share the rate.")]
TimeSpeed = Annotated[
    Given, _option("K", "Live K seconds in one; the clock starts K × duration ago and ends now.")
]
RunName = Annotated[Given, _option("NAME", "Name of the run; a new one if not given.")]
Start = Annotated[Given, _option("TIME", "The clock's start (ISO 8601, UTC), instead of now.")]
People = Annotated[Given, _option("N", "How many people; by rate if not given.")]
Duplicates = Annotated[Given, _option("SHARE", "5%: so many are sent twice, byte for byte.")]
Late = Annotated[Given, _option("SHARE", "So many are 20 minutes to 3 hours old when sent.")]
OutOfOrder = Annotated[Given, _option("SHARE", "So many leave after others that happened later.")]
Future = Annotated[Given, _option("SHARE", "So many are dated 15 minutes to 2 hours ahead.")]
Malformed = Annotated[Given, _option("SHARE", "So many break one rule.")]
Outlet = Annotated[
    Given, _option("kafka|null", "null: to nobody, to measure the making alone; needs no stack.")
]
Labels = Annotated[Path | None, _option("FILE", "Which orders are fraud; else in the ledger.")]


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command("simulate")(simulate)


def simulate(
    *,
    rate: Rate = None,
    duration: Duration = None,
    count: Count = None,
    seed: Seed = None,
    workers: Workers = None,
    time_speed: TimeSpeed = None,
    run: RunName = None,
    start: Start = None,
    shoppers: People = None,
    duplicates: Duplicates = None,
    late: Late = None,
    out_of_order: OutOfOrder = None,
    future: Future = None,
    malformed: Malformed = None,
    labels: Labels = None,
    outlet: Outlet = None,
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
) -> None:
    """Clicks, orders and promotions of seeded shoppers, some of them fraud, at a rate. Returns at
    the last acknowledgement and says how many events must end up late, duplicate or in quarantine.
    Ctrl-C ends gracefully."""
    options = {
        "--rate": rate,
        "--duration": duration,
        "--count": count,
        "--seed": seed,
        "--workers": workers,
        "--time-speed": time_speed,
        "--run": run,
        "--start": start,
        "--shoppers": shoppers,
        "--duplicates": duplicates,
        "--late": late,
        "--out-of-order": out_of_order,
        "--future": future,
        "--malformed": malformed,
        "--labels": labels,
        "--outlet": outlet,
    }
    arguments = [f"{name}={value}" for name, value in options.items() if value is not None]
    line = [*program("simulate"), *arguments, *(["--json"] if as_json else [])]
    become(line, None if outlet == "null" else open_stack())
