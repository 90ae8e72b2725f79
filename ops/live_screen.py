"""How live answers are drawn: tables on a terminal, a line now and then elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from functools import partial

from rich.console import Group
from rich.live import Live

from ops import console
from ops.live_answers import Answers, Ranked, Revenue

BAR_WIDTH = 40

Show = Callable[[Answers], None]


@contextmanager
def screen() -> Iterator[Show]:
    """Something to show one state of the answers after another on."""
    if not console.is_rich():
        yield lines(console.line)
        return
    with Live(console=console.stdout(), auto_refresh=False) as live:
        yield lambda answers: live.update(_drawn(answers), refresh=True)


def lines(write: Callable[[str], None]) -> Show:
    """Shows the answers as a line each time that they changed."""
    last = ""

    def show(answers: Answers) -> None:
        nonlocal last
        line = in_a_line(answers)
        if line != last:
            write(line)
            last = line

    return show


def in_a_line(answers: Answers) -> str:
    """The headline figures in one line of plain text."""
    return " · ".join(f"{name} {value}" for name, value in figures(answers))


def figures(answers: Answers) -> list[tuple[str, str]]:
    """The headline figures by name."""
    money = [f"{amount:,.2f} {currency}" for currency, amount in answers.revenue.items()]
    return [
        ("orders", f"{answers.orders.get('placed', 0):,}"),
        ("cancelled", f"{answers.orders.get('cancelled', 0):,}"),
        ("revenue", ", ".join(money) or "0"),
        ("alerts", f"{sum(answers.alerts.values()):,}"),
        ("lake rows", f"{answers.silver + answers.duplicate + answers.quarantine:,}"),
        ("duplicates", f"{answers.duplicate:,}"),
        ("quarantine", f"{answers.quarantine:,}"),
        *((f"lag of {name}", f"{behind:,}") for name, behind in answers.lag.items()),
    ]


def show_revenue(unit: str, revenue: Sequence[Revenue]) -> None:
    """Print revenue over time as bars; nothing where there is none."""
    if not revenue:
        return
    pattern = "%Y-%m-%d %H:%M" if unit == "hour" else "%Y-%m-%d"
    length = partial(bar, largest=max(row.amount for row in revenue))
    console.table(
        (unit, "revenue", ""),
        [
            (f"{row.start:{pattern}}", f"{row.amount:,.2f} {row.currency}", length(row.amount))
            for row in revenue
        ],
    )


def bar(amount: Decimal, largest: Decimal) -> str:
    """A bar of up to BAR_WIDTH blocks; a positive amount never vanishes."""
    if amount <= 0 or largest <= 0:
        return ""
    return "█" * max(1, round(BAR_WIDTH * amount / largest))


def _drawn(answers: Answers) -> Group:
    names, values = zip(*figures(answers), strict=True)
    alerts = [(rule, f"{count:,}") for rule, count in answers.alerts.items()]
    return Group(
        console.rich_table(names, [values]),
        console.rich_table(("category", "orders", "revenue"), _ranked(answers.categories)),
        console.rich_table(("location", "orders", "revenue"), _ranked(answers.locations)),
        console.rich_table(("alerts by rule", "count"), alerts),
    )


def _ranked(rows: Sequence[Ranked]) -> list[tuple[str, str, str]]:
    return [(row.name, f"{row.orders:,}", f"{row.revenue:,.2f} {row.currency}") for row in rows]
