"""How live answers are drawn: tables on a terminal, a line now and then elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from functools import partial

from rich.columns import Columns
from rich.console import Group
from rich.live import Live

from ops import console
from ops.commands.demo.live_figures import Figures, Ranked, Revenue

BAR_WIDTH = 40

Show = Callable[[Figures], None]


@contextmanager
def screen() -> Iterator[Show]:
    """Something to show one state of the answers after another on."""
    if not console.is_rich():
        yield lines(console.line)
        return
    with Live(console=console.stdout(), auto_refresh=False) as live:
        yield lambda answers: live.update(_drawn(answers), refresh=True)


def lines(write: Callable[[str], None]) -> Show:
    """Shows the answers in a few lines, each again when it has changed."""
    told: dict[str, str] = {}

    def show(answers: Figures) -> None:
        for name, line in in_lines(answers).items():
            if told.get(name) != line:
                write(line)
                told[name] = line

    return show


def in_lines(answers: Figures) -> dict[str, str]:
    """The answers in lines of plain text, by what each tells; nothing of what is still empty."""
    shoppers = answers.shoppers
    details = {
        "alerts by rule": [f"{rule} {count:,}" for rule, count in answers.alerts.items()],
        "trending": [f"{one.product} ({one.category}) {one.score:,}" for one in shoppers.trending],
        "viewed last": shoppers.viewed and [f"{', '.join(shoppers.viewed)} by {shoppers.viewer}"],
    }
    headline = " · ".join(f"{name} {value}" for name, value in figures(answers))
    shown = {name: f"    {name}: {', '.join(told)}" for name, told in details.items() if told}
    return {"headline": headline, **shown}


def figures(answers: Figures) -> list[tuple[str, str]]:
    """The headline figures by name."""
    money = [f"{amount:,.2f} {currency}" for currency, amount in answers.revenue.items()]
    return [
        ("orders", f"{answers.orders.get('placed', 0):,}"),
        ("cancelled", f"{answers.orders.get('cancelled', 0):,}"),
        ("revenue", ", ".join(money) or "0"),
        ("clicks", f"{answers.shoppers.clicks:,}"),
        ("sessions", f"{answers.shoppers.sessions:,}"),
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


def show_shoppers(answers: Figures) -> None:
    """Print alerts by rule, what shoppers want, and what one of them viewed; nothing where there is
    none."""
    for columns, rows in _rankings(answers):
        if rows:
            console.table(columns, rows)
    shoppers = answers.shoppers
    if shoppers.viewed:
        console.line(f"viewed last by {shoppers.viewer}, from Valkey: {', '.join(shoppers.viewed)}")


def _drawn(answers: Figures) -> Group:
    told = in_lines(answers)
    tables = (
        (("category", "orders", "revenue"), _ranked(answers.categories)),
        (("location", "orders", "revenue"), _ranked(answers.locations)),
        *_rankings(answers),
    )
    # Beside one another where they fit: a screen is wider than it is high.
    return Group(
        told["headline"],
        Columns([console.rich_table(columns, rows) for columns, rows in tables]),
        told.get("viewed last", "").strip(),
    )


def _rankings(answers: Figures) -> tuple[tuple[Sequence[str], Sequence[Sequence[str]]], ...]:
    alerts = [(rule, f"{count:,}") for rule, count in answers.alerts.items()]
    trending = [(t.product, t.category, f"{t.score:,}") for t in answers.shoppers.trending]
    return (
        (("alerts by rule", "count"), alerts),
        (("trending this hour", "category", "score"), trending),
    )


def _ranked(rows: Sequence[Ranked]) -> list[tuple[str, str, str]]:
    return [(row.name, f"{row.orders:,}", f"{row.revenue:,.2f} {row.currency}") for row in rows]
