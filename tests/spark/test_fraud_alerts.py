"""Which orders raise an alert, and what the alert says."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pyspark.sql import SparkSession

from contracts.events import CANARY, Order, Source
from contracts.rule_packs import AmountAbove, LocationIn, OrdersWithin, RulePack, YoungAccount
from contracts.tables.questions.fraud_alerts import ANSWER
from emr_jobs.kernel.question import Settings
from emr_jobs.questions.fraud_alerts import QUESTION
from tests.spark.orders import MINUTE, NOON, line, order
from tests.spark.rows import event_frame
from tests.spark.session import SPARK

pytestmark = SPARK

AMOUNT = AmountAbove("amount", 3, "high", {"GBP": 100_000, "JPY": 5})
PLACE = LocationIn("place", 1, "medium", ("Nowhere", "Elsewhere"))
YOUNG = YoungAccount("young", 1, "low", 60, {"GBP": 10_000})
PACK = RulePack("tests", 1, (AMOUNT, PLACE, YOUNG))
DEAR = line(unit_price=10_000_100)
SOME = line(unit_price=1_000_100)


def raised(spark: SparkSession, *orders: Order, pack: RulePack = PACK) -> list[dict[str, Any]]:
    frame = event_frame(spark, [(each, each.event_time + 7) for each in orders])
    rows = QUESTION.prepare(Settings(pack))(frame).toArrow().to_pylist()
    return sorted(rows, key=lambda row: (row["subject"], row["rule"]))


def test_the_columns_are_those_of_the_table_but_what_the_store_fills(spark: SparkSession) -> None:
    frame = QUESTION.prepare(Settings(PACK))(event_frame(spark, [(order(), NOON)]))
    by_the_store = {"alert_id", "raised_at", "changed_in"}
    assert frame.columns == [name for name in ANSWER.table.names if name not in by_the_store]
    assert dict(frame.dtypes)["window_start"] == "timestamp"


@pytest.mark.parametrize(
    ("suspect", "rules"),
    [
        pytest.param(order(line(unit_price=10_000_000)), [], id="exactly the threshold"),
        pytest.param(order(line(unit_price=10_000_100)), ["amount"], id="a minor unit more"),
        pytest.param(order(DEAR, currency="USD"), [], id="a currency without a threshold"),
        pytest.param(order(currency="JPY"), ["amount"], id="each currency has its own"),
        pytest.param(order(location="Nowhere"), ["place"], id="a suspicious place"),
        pytest.param(order(location="nowhere"), [], id="places compare exactly"),
        pytest.param(order(DEAR, location="Elsewhere"), ["amount", "place"], id="two rules"),
        pytest.param(order(SOME, account_created_at=NOON), ["young"], id="made at that moment"),
        pytest.param(
            order(SOME, account_created_at=NOON - 60 * MINUTE), ["young"], id="made an hour ago"
        ),
        pytest.param(
            order(SOME, account_created_at=NOON - 60 * MINUTE - 1), [], id="a microsecond older"
        ),
        pytest.param(order(SOME, account_created_at=NOON + 1), [], id="made after the order"),
        pytest.param(order(SOME), [], id="no account"),
        pytest.param(
            order(line(unit_price=1_000_000), account_created_at=NOON),
            [],
            id="young, exactly the threshold",
        ),
        pytest.param(
            order(SOME, account_created_at=NOON, currency="USD"),
            [],
            id="young, a currency without a threshold",
        ),
        pytest.param(order(DEAR, kind="adjustment"), [], id="an adjustment"),
        pytest.param(
            order(line(quantity=-9), location="Nowhere", kind="cancelled"), [], id="undone"
        ),
        pytest.param(order(DEAR, source=Source("r", CANARY, 1)), [], id="the canary's"),
    ],
)
def test_rules(spark: SparkSession, suspect: Order, rules: list[str]) -> None:
    assert [alert["rule"] for alert in raised(spark, suspect)] == rules


def test_an_alert_tells_where_it_comes_from(spark: SparkSession) -> None:
    suspect = order(DEAR, order_id="o-1", location="Nowhere")
    amount, place = raised(spark, suspect)
    shown = {"order_id": "o-1", "amount": "1000.01", "currency": "GBP", "location": "Nowhere"}
    assert json.loads(amount["evidence"]) == shown | {"threshold": "1000.00"}
    assert json.loads(place["evidence"]) == shown
    assert amount["subject"] == place["subject"] == f"order:{suspect.event_id}"
    assert (amount["rule_version"], amount["severity"], amount["region"]) == (3, "high", "Europe")
    assert amount["window_start"] is None
    assert (amount["append_time"] - amount["event_time"]).microseconds == 7


def test_an_alert_about_a_young_account_tells_its_age(spark: SparkSession) -> None:
    (young,) = raised(spark, order(SOME, account_created_at=NOON - 5 * MINUTE - 1))
    shown = json.loads(young["evidence"])
    assert (shown["account_minutes"], shown["threshold"]) == ("5", "100.00")


def test_the_same_order_always_says_the_same(spark: SparkSession) -> None:
    suspect = order(DEAR)
    assert raised(spark, suspect) == raised(spark, order(), suspect)


def test_rules_of_several_orders_are_judged_elsewhere(spark: SparkSession) -> None:
    several = OrdersWithin("velocity", 1, "low", 1, 10, {}, 60)
    assert raised(spark, order(DEAR), pack=RulePack("several", 1, (several,))) == []


def test_a_pack_without_rules_raises_nothing(spark: SparkSession) -> None:
    assert raised(spark, order(DEAR), pack=RulePack("empty", 1, ())) == []
