"""What each category earns in each sliding minute: boundaries by name, and the law of merging."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from contracts.events import CANARY, Order, OrderLine, Source
from contracts.money import decimal_of_minor, line_amount
from emr_jobs.questions.order_metrics import MERGE, Settings, partials
from emr_jobs.questions.sketches import sketch_estimate
from tests.spark.orders import MINUTE, NOON, line, order
from tests.spark.rows import event_frame
from tests.spark.session import SPARK

pytestmark = SPARK

SECOND = 1_000_000
HALF_MINUTE = 30 * SECOND
KEY = MERGE.into.key
Row = dict[str, Any]
Answers = dict[tuple[Any, ...], Row]


def moment(micros: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)


def answers(spark: SparkSession, *appended: Order | tuple[Order, int]) -> Answers:
    """Partial answers by key; an order alone is appended as it happens."""
    pairs = [each if isinstance(each, tuple) else (each, each.event_time) for each in appended]
    rows = partials(event_frame(spark, pairs), Settings()).toArrow().to_pylist()
    found = {tuple(row[name] for name in KEY): counted(row) for row in rows}
    assert len(found) == len(rows), "a key twice"
    return found


def counted(row: Row) -> Row:
    """The row with its sketch replaced by the number of members."""
    return {name: cell for name, cell in row.items() if name not in {*KEY, "customers"}} | {
        "unique": sketch_estimate(row["customers"])
    }


def at(start: int, category: str = "*", location: str = "United Kingdom") -> tuple[Any, ...]:
    return (moment(start), category, location, "GBP")


def test_the_columns_are_those_of_the_table_but_what_the_store_fills(spark: SparkSession) -> None:
    frame = partials(event_frame(spark, [(order(), NOON)]), Settings())
    by_the_store = {"unique_customers", "changed_in"}
    assert frame.columns == [c.name for c in MERGE.given if c.name not in by_the_store]
    kinds = dict(frame.dtypes)
    assert {kinds[name] for name in ("revenue", "largest", "smallest", "cancelled_amount")} == {
        "decimal(18,2)"
    }


def test_one_order(spark: SparkSession) -> None:
    found = answers(spark, order())
    expected = {
        "window_end": moment(NOON + MINUTE),
        "region": "Europe",
        "order_count": 1,
        "revenue": Decimal("10.00"),
        "largest": Decimal("10.00"),
        "smallest": Decimal("10.00"),
        "cancelled_count": 0,
        "cancelled_amount": Decimal("0.00"),
        "closed_at": moment(NOON + MINUTE + HALF_MINUTE),
        "revised": 0,
        "unique": 1,
    }
    assert found[at(NOON)] == expected
    assert found[at(NOON, "Toys")] == expected
    assert set(found) == {at(NOON - back, c) for back in (0, HALF_MINUTE) for c in ("*", "Toys")}


@pytest.mark.parametrize(
    ("after", "starts"),
    [
        pytest.param(0, [-30, 0], id="at a window's start"),
        pytest.param(HALF_MINUTE - 1, [-30, 0], id="the last microsecond before the next slide"),
        pytest.param(HALF_MINUTE, [0, 30], id="exactly 30 s after the start"),
        pytest.param(MINUTE - 1, [0, 30], id="the last microsecond of the window"),
        pytest.param(MINUTE, [30, 60], id="at the window's end"),
    ],
)
def test_windows_hold_their_start_and_not_their_end(
    spark: SparkSession, after: int, starts: list[int]
) -> None:
    found = answers(spark, order(event_time=NOON + after))
    assert {key[0] for key in found} == {moment(NOON + start * SECOND) for start in starts}


@pytest.mark.parametrize(
    ("lines", "amounts"),
    [
        pytest.param([line("A"), line("A")], {"*": "20.00", "A": "20.00"}, id="two of a category"),
        pytest.param(
            [line("A"), line("B"), line("A")],
            {"*": "30.00", "A": "20.00", "B": "10.00"},
            id="two categories",
        ),
        pytest.param(
            [line("A", 1, 50), line("A", 1, 50)],
            {"*": "0.02", "A": "0.02"},
            id="half a cent is rounded up line by line",
        ),
        pytest.param([line("A", 1, 149)], {"*": "0.01", "A": "0.01"}, id="less than half a cent"),
        pytest.param(
            [line("A", 2), line("A", -1), line("B", 1, 0)],
            {"*": "10.00", "A": "10.00", "B": "0.00"},
            id="goods that came back and a present",
        ),
        pytest.param([line("*")], {"*": "10.00"}, id="a category that is called *"),
    ],
)
def test_an_order_counts_once_in_each_category_with_its_amount_there(
    spark: SparkSession, lines: list[OrderLine], amounts: dict[str, str]
) -> None:
    found = answers(spark, order(*lines))
    here = {key[1]: row for key, row in found.items() if key[0] == moment(NOON)}
    assert {category: row["order_count"] for category, row in here.items()} == dict.fromkeys(
        amounts, 1
    )
    assert {category: str(row["revenue"]) for category, row in here.items()} == amounts
    assert {category: str(row["largest"]) for category, row in here.items()} == amounts


def test_only_cancelled(spark: SparkSession) -> None:
    row = answers(spark, order(line(quantity=-2), kind="cancelled"))[at(NOON)]
    shown = {name: row[name] for name in ("order_count", "largest", "smallest", "unique")}
    assert shown == {"order_count": 0, "largest": None, "smallest": None, "unique": 0}
    assert (row["cancelled_count"], row["cancelled_amount"]) == (1, Decimal("20.00"))
    assert row["revenue"] == 0


@pytest.mark.parametrize(
    "unseen",
    [
        pytest.param({"kind": "adjustment"}, id="an adjustment"),
        pytest.param({"source": Source("run-1", CANARY, 1)}, id="the canary's"),
    ],
)
def test_what_is_in_no_metric(spark: SparkSession, unseen: dict[str, Any]) -> None:
    assert answers(spark, order(**unseen)) == {}


def test_orders_without_a_customer_are_counted_but_not_as_customers(spark: SparkSession) -> None:
    row = answers(spark, order(customer_id=None), order(customer_id="c-1"), order())[at(NOON)]
    assert (row["order_count"], row["unique"]) == (3, 1)


def test_nobody_known_is_no_sketch(spark: SparkSession) -> None:
    frame = partials(event_frame(spark, [(order(customer_id=None), NOON)]), Settings())
    assert {row["customers"] for row in frame.toArrow().to_pylist()} == {None}


@pytest.mark.parametrize(
    ("appended", "revised"),
    [
        pytest.param(MINUTE + HALF_MINUTE, 0, id="when the window closes"),
        pytest.param(MINUTE + HALF_MINUTE + 1, 1, id="after it has closed"),
    ],
)
def test_an_order_appended_after_the_close_revises(
    spark: SparkSession, appended: int, revised: int
) -> None:
    late = order(event_time=NOON + MINUTE - 1)
    assert answers(spark, (late, NOON + appended))[at(NOON)]["revised"] == revised


def test_the_first_region_by_name(spark: SparkSession) -> None:
    row = answers(spark, order(region="Überall"), order(region="Zulu"))[at(NOON)]
    assert row["region"] == "Zulu"


def test_many_customers_are_estimated_alike_in_any_order(spark: SparkSession) -> None:
    orders = [(order(customer_id=f"c-{number}"), NOON) for number in range(1_500)]
    estimates = set()
    for arrival in (orders, orders[::-1], orders[500:] + orders[:500]):
        # In one partition nothing is merged, which would hide the order of arrival.
        rows = partials(event_frame(spark, arrival).coalesce(1), Settings()).toArrow().to_pylist()
        estimates |= {sketch_estimate(row["customers"]) for row in rows}
    assert len(estimates) == 1
    assert estimates.pop() == pytest.approx(1_500, rel=0.05)


# --- the law: any split of any orders into batches, in any order, gives what one fold gives

_AMOUNTS = st.integers(0, 40_000)
_SOME_LINES = st.lists(
    st.builds(line, st.sampled_from("AB*"), st.integers(-2, 3).filter(bool), _AMOUNTS),
    min_size=1,
    max_size=3,
)


@st.composite
def _histories(draw: st.DrawFn) -> list[tuple[int, Order, int]]:
    """(batch, order, append time) of one shop."""
    history = []
    for _ in range(draw(st.integers(0, 8))):
        made = order(
            *draw(_SOME_LINES),
            event_time=NOON + draw(st.integers(0, 4)) * (HALF_MINUTE // 2),
            region=draw(st.sampled_from(["Asia", "Europe"])),
            customer_id=draw(st.sampled_from([None, "c-1", "c-2", "c-3"])),
            kind=draw(st.sampled_from(["placed", "placed", "cancelled", "adjustment"])),
        )
        if made.kind == "placed" and made.total <= 0:
            continue
        appended = made.event_time + draw(st.sampled_from([0, MINUTE, 3 * MINUTE]))
        history.append((draw(st.integers(0, 2)), made, appended))
    return history


def merged(batches: list[list[Row]]) -> Answers:
    """What the store does with the batches, by the rules' own folds."""
    stored: dict[tuple[Any, ...], Row] = {}
    for batch in batches:
        for row in batch:
            key = tuple(row[name] for name in KEY)
            before = stored.get(key)
            stored[key] = (
                row
                if before is None
                else before
                | {
                    name: MERGE.columns[name].fold(before[name], row[name])
                    for name in row
                    if name not in KEY
                }
            )
    return {key: counted(row) for key, row in stored.items()}


def folded(appended: list[tuple[Order, int]]) -> Answers:
    """The answer in plain Python, order by order."""
    groups: dict[tuple[Any, ...], list[tuple[Order, int, int]]] = defaultdict(list)
    for each, append_time in appended:
        if each.kind == "adjustment":
            continue
        amounts: dict[str, int] = defaultdict(int)
        for bought in each.lines:
            amounts[bought.category] += line_amount(bought.quantity, bought.unit_price)
        amounts["*"] = each.total
        latest = each.event_time - each.event_time % HALF_MINUTE
        for start in (latest, latest - HALF_MINUTE):
            for category, amount in amounts.items():
                key = (moment(start), category, each.location, each.currency)
                groups[key].append((each, append_time, amount))
    return {key: _answer(key[0], group) for key, group in groups.items()}


def _answer(start: datetime, group: list[tuple[Order, int, int]]) -> Row:
    placed = [amount for each, _, amount in group if each.kind == "placed"]
    cancelled = [amount for each, _, amount in group if each.kind == "cancelled"]
    closed_at = start + timedelta(seconds=90)
    people = {each.customer_id for each, _, _ in group if each.kind == "placed"} - {None}
    return {
        "window_end": start + timedelta(seconds=60),
        "region": min(each.region for each, _, _ in group),
        "order_count": len(placed),
        "revenue": decimal_of_minor(sum(placed)),
        "largest": decimal_of_minor(max(placed)) if placed else None,
        "smallest": decimal_of_minor(min(placed)) if placed else None,
        "cancelled_count": len(cancelled),
        "cancelled_amount": decimal_of_minor(-sum(cancelled)),
        "closed_at": closed_at,
        "revised": sum(moment(append_time) > closed_at for _, append_time, _ in group),
        "unique": len(people),
    }


# Many histories share the frames, each in a location of its own: a Spark job costs more than a row.
# Not shrunk: each step would be several jobs.
@settings(
    max_examples=4,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    histories=st.lists(_histories(), min_size=20, max_size=40), sequence=st.permutations(range(3))
)
def test_any_batching_in_any_order_merges_to_one_answer(
    spark: SparkSession, histories: list[list[tuple[int, Order, int]]], sequence: list[int]
) -> None:
    placed = [
        (batch, Order(**(vars(each) | {"location": f"shop {shop}"})), append_time)
        for shop, history in enumerate(histories)
        for batch, each, append_time in history
    ]
    batches = [
        [(each, append_time) for batch, each, append_time in placed if batch == number]
        for number in sequence
    ]
    found = merged(
        [
            partials(event_frame(spark, batch), Settings()).toArrow().to_pylist()
            for batch in batches
            if batch
        ]
    )
    assert found == folded([pair for batch in batches for pair in batch])


@pytest.mark.parametrize("slide", [0, -30, 45], ids=lambda slide: f"slide {slide}")
def test_a_window_is_a_multiple_of_its_slide(slide: int) -> None:
    with pytest.raises(ValueError, match="no multiple"):
        Settings(slide=slide)
