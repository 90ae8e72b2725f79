"""`shopstream cost`: what an environment on AWS costs in a month, before it is deployed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated

import typer

from contracts.errors import Usage
from ops import console
from ops.commands.cost.assumptions import all_assumptions
from ops.commands.cost.estimate import COMPARISON, RIVAL_USD, Estimate, estimate, rounded
from ops.commands.cost.month import LOADS, Load
from ops.commands.cost.prices import GROUPS, STALE_DAYS, PriceTable, read_prices
from ops.commands.cost.templates import templates
from ops.console import AsJson

COLUMNS = ("group", "what", "quantity", "unit", "USD per unit", "USD", "share", "")
_HELP = "shopstream cost --help"


def cost(
    env: Annotated[str, typer.Option("--env", help="dev, staging or production.")],
    load: Annotated[
        str, typer.Option(help="low, base or high: 100, 1,000 or 10,000 events a second.")
    ] = "base",
    limit: Annotated[
        str | None, typer.Option(help="USD a month; above it the exit code is 1.")
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option("--templates", help="Synthesized templates. Default: cdk.out, or made anew."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Price the templates of an environment for a month under a load. Exit code 1: above --limit;
    4: templates are missing or broken, or cannot be made."""
    most, chosen = _limit(limit), _load(load)
    table = read_prices()
    today = datetime.now(UTC).date()  # noqa: TID251 - the edge: prices grow old
    _warn(table, today)
    found = templates(env, folder)
    answer = estimate(env, found.environment, chosen, table)
    if as_json:
        files = {"files": [file.name for file in found.files], "written": found.written.isoformat()}
        console.answer_json({**answer.document(most, today), "templates": files})
    else:
        _show(answer, most)
    if most is not None and answer.total > most:
        raise typer.Exit(1)


def _limit(text: str | None) -> Decimal | None:
    if text is None:
        return None
    try:
        most = Decimal(text)
    except InvalidOperation as problem:
        raise Usage(f"--limit {text!r} is not an amount of USD", command=_HELP) from problem
    if not most.is_finite() or most <= 0:
        raise Usage(f"--limit {text}: must be above 0 USD", command=_HELP)
    return most


def _load(name: str) -> Load:
    if name not in LOADS:
        raise Usage(f"--load {name!r}: one of {', '.join(LOADS)}", command=_HELP)
    return LOADS[name]


def _warn(table: PriceTable, today: date) -> None:
    if table.is_stale(today):
        console.progress(
            f"warning: the prices are of {table.dated}, more than {STALE_DAYS} days old; "
            "look them up again in ops/commands/cost/prices.toml"
        )


def _show(answer: Estimate, limit: Decimal | None) -> None:
    rate = f"{answer.load.events_per_second:,} events a second"
    console.table(
        COLUMNS,
        list(_rows(answer)),
        f"{answer.name}, {rate}, {answer.table.region}, prices of {answer.table.dated}",
    )
    console.line()
    console.line(f"total                          {answer.total:>12,} USD a month", style="bold")
    console.line(f"total, every price 30 % higher {answer.total_at_plus_30_percent:>12,}")
    console.line(
        "total, recalled prices 30 % higher"
        f" {answer.total_with_recalled_at_plus_30_percent:>8,}"
        f"  (* recalled: {answer.recalled:,})"
    )
    console.line(f"{RIVAL_USD:,} USD: {COMPARISON['name']}")
    console.line(f"  that covers {COMPARISON['covers']}")
    console.line(f"  ours covers {COMPARISON['ours_covers']}")
    if limit is not None:
        verdict = "above" if answer.total > limit else "within"
        console.line(f"{verdict} the limit of {limit:,} USD")
    console.line()
    console.table(
        ("assumption", "value", "meaning"),
        [(name, one, one.meaning) for name, one in all_assumptions().items()],
    )


def _rows(answer: Estimate) -> Iterator[tuple[str, ...]]:
    for group in GROUPS:
        usd = answer.group(group)
        yield group, "", "", "", "", f"{usd:,}", f"{answer.share(usd)} %", ""
        for item in answer.items:
            if item.group == group:
                yield (
                    "",
                    item.usage.what,
                    f"{item.usage.quantity:,.2f}",
                    item.price.unit,
                    format(item.price.usd, "f"),
                    f"{rounded(item.usd):,}",
                    f"{answer.share(item.usd)} %",
                    "*" if item.price.recalled else "",
                )
