"""How the figures are shown: as tables on a terminal, elsewhere as lines when they have changed."""

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
    """Yield a function that shows the figures; each call replaces what was shown before."""
    if not console.is_rich():
        yield lines(console.line)
        return
    with Live(console=console.stdout(), auto_refresh=False) as live:
        yield lambda figures: live.update(_drawn(figures), refresh=True)


def lines(write: Callable[[str], None]) -> Show:
    """A function that writes the figures in a few lines, and each line again when it changed."""
    told: dict[str, str] = {}

    def show(figures: Figures) -> None:
        for name, line in in_lines(figures).items():
            if told.get(name) != line:
                write(line)
                told[name] = line

    return show


def in_lines(figures: Figures) -> dict[str, str]:
    """The figures as lines of plain text, each under what it tells; empty figures have no line."""
    shoppers = figures.shoppers
    details = {
        "alerts by rule": [f"{rule} {count:,}" for rule, count in figures.alerts.items()],
        "trending": [f"{one.product} ({one.category}) {one.score:,}" for one in shoppers.trending],
        "viewed last": shoppers.viewed and [f"{', '.join(shoppers.viewed)} by {shoppers.viewer}"],
    }
    totals = " · ".join(f"{name} {value}" for name, value in headline(figures))
    shown = {name: f"    {name}: {', '.join(told)}" for name, told in details.items() if told}
    return {"headline": totals, **shown}


def headline(figures: Figures) -> list[tuple[str, str]]:
    """The totals that stand in the headline, by name."""
    money = [f"{amount:,.2f} {currency}" for currency, amount in figures.revenue.items()]
    return [
        ("orders", f"{figures.orders.get('placed', 0):,}"),
        ("cancelled", f"{figures.orders.get('cancelled', 0):,}"),
        ("revenue", ", ".join(money) or "0"),
        ("clicks", f"{figures.shoppers.clicks:,}"),
        ("sessions", f"{figures.shoppers.sessions:,}"),
        ("alerts", f"{sum(figures.alerts.values()):,}"),
        ("lake rows", f"{figures.silver + figures.duplicate + figures.quarantine:,}"),
        ("duplicates", f"{figures.duplicate:,}"),
        ("quarantine", f"{figures.quarantine:,}"),
        *((f"lag of {name}", f"{behind:,}") for name, behind in figures.lag.items()),
    ]


def show_revenue(unit: str, revenue: Sequence[Revenue]) -> None:
    """Print revenue over time as bars; print nothing when there is none."""
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
    """A bar of at most BAR_WIDTH blocks; a positive amount has at least one."""
    if amount <= 0 or largest <= 0:
        return ""
    return "█" * max(1, round(BAR_WIDTH * amount / largest))


def show_shoppers(figures: Figures) -> None:
    """Print the alerts by rule, what is trending, and what one shopper viewed last; print nothing
    where there is nothing."""
    for columns, rows in _rankings(figures):
        if rows:
            console.table(columns, rows)
    shoppers = figures.shoppers
    if shoppers.viewed:
        console.line(f"viewed last by {shoppers.viewer}, from Valkey: {', '.join(shoppers.viewed)}")


def _drawn(figures: Figures) -> Group:
    told = in_lines(figures)
    tables = (
        (("category", "orders", "revenue"), _ranked(figures.categories)),
        (("location", "orders", "revenue"), _ranked(figures.locations)),
        *_rankings(figures),
    )
    # The tables stand side by side where they fit: a screen is wider than it is high.
    return Group(
        told["headline"],
        Columns([console.rich_table(columns, rows) for columns, rows in tables]),
        told.get("viewed last", "").strip(),
    )


def _rankings(figures: Figures) -> tuple[tuple[Sequence[str], Sequence[Sequence[str]]], ...]:
    alerts = [(rule, f"{count:,}") for rule, count in figures.alerts.items()]
    trending = [(t.product, t.category, f"{t.score:,}") for t in figures.shoppers.trending]
    return (
        (("alerts by rule", "count"), alerts),
        (("trending this hour", "category", "score"), trending),
    )


def _ranked(rows: Sequence[Ranked]) -> list[tuple[str, str, str]]:
    return [(row.name, f"{row.orders:,}", f"{row.revenue:,.2f} {row.currency}") for row in rows]
