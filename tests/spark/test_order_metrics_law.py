"""The law: any split of any orders into batches, in any order, gives what one fold gives."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from contracts.events import Order
from contracts.money import decimal_of_minor, line_amount
from emr_jobs.kernel.merge import Rows
from emr_jobs.kernel.question import Settings
from emr_jobs.questions.order_metrics import QUESTION
from tests.spark.metric_rows import KEY, Answers, Row, counted, moment
from tests.spark.orders import MINUTE, NOON, line, order
from tests.spark.rows import event_frame
from tests.spark.session import SPARK

pytestmark = SPARK

HALF_MINUTE = MINUTE // 2

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
    stored: Rows = {}
    for batch in batches:
        QUESTION.merge.apply(stored, [row | {"changed_in": 0} for row in batch])
    rows = ({n: cell for n, cell in row.items() if n != "changed_in"} for row in stored.values())
    return {tuple(row[name] for name in KEY): counted(row) for row in rows}


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
        "unique_customers": len(people),
    }


# Many histories share the frames, each in a location of its own: a Spark job costs more than a row.
# Not shrunk: each step would be several jobs.
@settings(
    max_examples=4,
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
            QUESTION.prepare(Settings())(event_frame(spark, batch)).toArrow().to_pylist()
            for batch in batches
            if batch
        ]
    )
    assert found == folded([pair for batch in batches for pair in batch])
