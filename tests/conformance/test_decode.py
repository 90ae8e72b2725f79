"""Two decoders, one judgement: contracts.codec in Python and the transforms in Spark."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from contracts.codec import decode
from contracts.events import Event, from_record
from contracts.money import line_amount
from contracts.rejections import EARLIEST_EVENT_US, LATEST_TIME_US, Rejection
from contracts.topics import ORDERS, SOURCES, Topic
from tests.contracts import handmade
from tests.contracts.poison import POISON, Poison
from tests.spark.rows import REGISTRY, classified, in_order
from tests.spark.session import SPARK

pytestmark = SPARK


def judged_by_spark(
    spark: SparkSession, topic: Topic, values: list[tuple[bytes | None, int]]
) -> list[Event | str]:
    """The event or the reason of each value."""
    # An undecodable event may hold bytes that are not text, which no Python string can hold.
    event = F.when(F.col("reason").isNull(), F.col("event")).alias("event")
    rows = in_order(classified(spark, topic, values).select("offset", "reason", event))
    return [row["reason"] or from_record(topic, row["event"]) for row in rows]


def judged_by_python(topic: Topic, value: bytes | None, append_time: int) -> Event | str:
    outcome = decode(topic, value, append_time, REGISTRY)
    return outcome.reason if isinstance(outcome, Rejection) else outcome


@pytest.fixture(scope="module")
def poisoned(spark: SparkSession) -> dict[str, Event | str]:
    """What Spark makes of every poisonous value, by its name; one job per topic."""
    judged: dict[str, Event | str] = {}
    for topic in SOURCES:
        cases = [case for case in POISON if case.topic == topic]
        values = [(case.value, case.append_time) for case in cases]
        outcomes = judged_by_spark(spark, topic, values)
        judged |= {case.name: found for case, found in zip(cases, outcomes, strict=True)}
    return judged


@pytest.mark.parametrize("case", POISON, ids=lambda case: case.name)
def test_a_poisonous_value_has_the_same_fate(
    case: Poison, poisoned: dict[str, Event | str]
) -> None:
    expected = judged_by_python(case.topic, case.value, case.append_time)
    assert poisoned[case.name] == expected
    if case.reason is not None:
        assert poisoned[case.name] == case.reason


def test_a_refusal_says_the_same(spark: SparkSession) -> None:
    own_words = ("undecodable", "unknown_schema")
    for topic in SOURCES:
        cases = [case for case in POISON if case.topic == topic]
        frame = classified(spark, topic, [(case.value, case.append_time) for case in cases])
        rows = in_order(frame.select("offset", "reason", "detail"))
        said = {
            case.name: row["detail"]
            for case, row in zip(cases, rows, strict=True)
            if row["reason"] not in own_words
        }
        expected = {
            case.name: getattr(outcome, "detail", None)
            for case in cases
            if case.name in said
            for outcome in [decode(case.topic, case.value, case.append_time, REGISTRY)]
        }
        assert said == expected


# Around the edges of every rule, and texts of any kind.
_TEXTS = st.one_of(st.sampled_from(["", "GBP", "a\0b", "é" * 257]), st.text(max_size=20))
_TIMES = st.one_of(
    st.integers(handmade.APPEND_TIME - 10**9, handmade.APPEND_TIME + 10**9),
    st.sampled_from([0, -1, EARLIEST_EVENT_US, LATEST_TIME_US - 1, LATEST_TIME_US, -(2**63)]),
)
_LINES = st.builds(
    handmade.line,
    product_name=_TEXTS,
    category=st.sampled_from(["Decoration", "Toys", ""]),
    quantity=st.one_of(st.integers(-3, 100), st.integers(-(2**31), 2**31 - 1)),
    unit_price=st.one_of(st.integers(-1, 300), st.integers(-(2**63), 2**63 - 1)),
)


@st.composite
def _orders(draw: st.DrawFn) -> dict[str, Any]:
    """Orders with a fault or two; most of them are events."""
    cheap = st.builds(handmade.line, quantity=st.integers(1, 9), unit_price=st.integers(0, 999))
    lines = draw(st.lists(st.one_of(cheap, cheap, cheap, _LINES), max_size=4))
    amounts = sum(line_amount(line["quantity"], line["unit_price"]) for line in lines)
    right = min(max(amounts, -(2**63)), 2**63 - 1)
    faults = st.fixed_dictionaries(
        {},
        optional={
            "region": _TEXTS,
            "location": _TEXTS,
            "currency": _TEXTS,
            "customer_id": st.one_of(st.none(), _TEXTS),
            "event_time": _TIMES,
            "account_created_at": st.one_of(st.none(), _TIMES),
            "total": st.integers(-(2**63), 2**63 - 1),
            "kind": st.sampled_from(["placed", "cancelled", "adjustment"]),
        },
    )
    changes = draw(st.one_of(st.just({}), faults))
    return handmade.order(**{"lines": lines, "total": right} | changes)


@st.composite
def _values(draw: st.DrawFn) -> bytes:
    """An order's bytes, some with a byte changed or the end cut off."""
    value = handmade.value(ORDERS, draw(_orders()))
    damage = draw(st.sampled_from(["none", "none", "byte", "cut"]))
    place = draw(st.integers(0, len(value) - 1))
    if damage == "byte":
        return value[:place] + bytes([draw(st.integers(0, 255))]) + value[place + 1 :]
    return value[:place] if damage == "cut" else value


# Not shrunk: each step would be a Spark job, and the list of differences is short anyway.
@settings(
    max_examples=10,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(values=st.lists(_values(), min_size=50, max_size=200))
def test_any_order_has_the_same_fate(spark: SparkSession, values: list[bytes]) -> None:
    found = judged_by_spark(spark, ORDERS, [(value, handmade.APPEND_TIME) for value in values])
    expected = [judged_by_python(ORDERS, value, handmade.APPEND_TIME) for value in values]
    judged = zip(values, found, expected, strict=True)
    assert [(value, one, other) for value, one, other in judged if one != other] == []
