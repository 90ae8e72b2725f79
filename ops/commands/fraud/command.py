"""`shopstream fraud report`: how good the fraud rules are, measured on labelled orders."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from contracts.errors import Usage
from ops import console
from ops.commands.fraud.measures import Measure, share_text
from ops.commands.fraud.purchases import MEANS, PurchaseFinding, evaluate_purchases
from ops.commands.fraud.simulated import SimulatedFinding, draw, evaluate
from ops.console import AsJson
from proof.alerts.rules import default_document

DEFAULT_SEED, DEFAULT_ORDERS = 1, 500_000
LEAST_ORDERS, MOST_ORDERS = 1_000, 5_000_000
_HELP = "shopstream fraud report --help"
# Printed with the figures, so that nobody takes them for more than they are.
SIMULATED = (
    "The shoppers and the fraud are simulated: this shows that the rules work together and what "
    "they miss, not what they will find in your shop. See docs/fraud.md."
)


fraud = typer.Typer(no_args_is_help=True, help="Measure the fraud rules.")
# Without a callback a group with one command becomes that command.
fraud.callback()(lambda: None)


@fraud.command()
def report(
    *,
    seed: Annotated[
        int | None, typer.Option(min=0, help="The seed of the simulated shoppers; 1 if not given.")
    ] = None,
    orders: Annotated[
        int | None,
        typer.Option(metavar="N", help="How many orders to simulate; 500000 if not given."),
    ] = None,
    purchases: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Labelled first purchases of a real shop (csv, csv.gz), not simulated orders.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show the precision and recall of the default rule pack on labelled orders, and what the pack
    misses. No stack is needed. An order is called fraud when an alert of severity high covers it,
    or when alerts of two rules do."""
    pack = default_document()
    told = {"name": pack["pack"], "version": pack["version"]}
    with tempfile.TemporaryDirectory(prefix="shopstream-fraud-") as name:
        folder = Path(name)
        if purchases is not None:
            if seed is not None or orders is not None:
                raise Usage("--purchases takes neither --seed nor --orders", command=_HELP)
            bought = evaluate_purchases(purchases, pack["rules"], folder)
            _answer_purchases(bought, told, purchases, as_json)
            return
        seed = DEFAULT_SEED if seed is None else seed
        found = _simulated(seed, _orders(orders), pack, folder)
    _answer_simulated(found, told, seed, as_json)


def _orders(given: int | None) -> int:
    if given is None:
        return DEFAULT_ORDERS
    if not LEAST_ORDERS <= given <= MOST_ORDERS:
        raise Usage(
            f"--orders {given} is not between {LEAST_ORDERS:,} and {MOST_ORDERS:,}", command=_HELP
        )
    return given


def _simulated(seed: int, orders: int, pack: Mapping[str, Any], folder: Path) -> SimulatedFinding:
    console.progress(f"simulating {orders:,} orders of seed {seed}")
    draw(seed, orders, folder / "orders.parquet")
    console.progress(f"judging them by {len(pack['rules'])} rules")
    return evaluate(folder / "orders.parquet", pack["rules"], folder)


def _answer_simulated(
    found: SimulatedFinding, pack: Mapping[str, Any], seed: int, as_json: bool
) -> None:
    if as_json:
        console.answer_json({"pack": pack, "seed": seed, **found.document()})
        return
    all_orders = found.overall
    console.table(
        ("", "precision", "recall", "f1", "fraud", "called fraud"),
        [("overall", *_shares(all_orders), f"{all_orders.fraud:,}", f"{all_orders.called:,}")],
        f"pack {pack['name']} version {pack['version']}, seed {seed}, {found.orders:,} orders",
    )
    console.line()
    console.table(
        ("rule", "precision", "recall", "alerts", "orders"),
        [
            (
                name,
                *(share_text(one.measure.precision), share_text(one.measure.recall)),
                *(f"{one.alerts:,}", f"{one.measure.called:,}"),
            )
            for name, one in found.rules.items()
        ],
    )
    console.line()
    console.table(
        ("scenario", "orders", "found", "share", ""),
        [
            (
                *(name, f"{one.orders:,}", f"{one.found:,}", share_text(one.found / one.orders)),
                "" if one.found else "missed",
            )
            for name, one in found.scenarios.items()
        ],
    )
    console.line()
    seconds = ", ".join(f"{name} {value}" for name, value in found.latency.seconds.items())
    console.line(f"seconds from an incident's first order to its first alert: {seconds}")
    console.line(
        f"{found.latency.incidents:,} incidents have an alert, {found.latency.never:,} have none"
    )
    console.line(SIMULATED)


def _answer_purchases(
    found: PurchaseFinding, pack: Mapping[str, Any], file: Path, as_json: bool
) -> None:
    if as_json:
        console.answer_json({"pack": pack, "file": file.name, **found.document()})
        return
    console.table(
        ("rule", "precision", "recall", "f1", "purchases"),
        [(name, *_shares(one), f"{one.called:,}") for name, one in found.rules.items()],
        f"pack {pack['name']} version {pack['version']}, {file.name}, "
        f"{found.purchases:,} purchases",
    )
    console.line()
    console.line(
        f"base rate {share_text(found.base_rate)}: {found.fraud:,} purchases are fraud, "
        f"{found.fraud_within_a_minute:,} of them within a minute of the sign-up; "
        f"{found.unread:,} rows could not be read"
    )
    console.line(MEANS)


def _shares(measure: Measure) -> tuple[str, ...]:
    return tuple(share_text(share) for share in measure.document().values())
