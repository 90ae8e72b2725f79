"""Events: identities, keys, and conversion to records and back."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.events import (
    Alert,
    Click,
    Order,
    Promotion,
    alert_id,
    as_record,
    content,
    from_record,
    key_of,
    replayed_click_id,
    replayed_order_id,
    replayed_purchase_id,
    simulated_event_id,
    topic_of,
)
from contracts.registry.opening import open_registry
from contracts.topics import ALERTS, CLICKS, ORDERS, PROMOTIONS, Topic
from tests.contracts import handmade

ALERT = {
    "alert_id": "a-1",
    "rule": "amount",
    "rule_version": 1,
    "subject": "order:1",
    "window_start": None,
    "severity": "high",
    "event_time": 1,
    "region": "Europe",
    "evidence": {"total": "1000.01"},
}
RECORDS = [
    pytest.param(
        ORDERS, handmade.order(lines=[handmade.line(), handmade.line(quantity=1)]), id="order"
    ),
    pytest.param(CLICKS, handmade.click(), id="click"),
    pytest.param(PROMOTIONS, handmade.promotion(), id="promotion"),
    pytest.param(ALERTS, ALERT, id="alert"),
]


@pytest.mark.parametrize(("topic", "record"), RECORDS)
def test_a_record_survives(topic: Topic, record: dict[str, object]) -> None:
    event = from_record(topic, record)
    assert topic_of(event) == topic
    again = as_record(event)
    assert from_record(topic, again) == event
    assert list(again) == list(record)


@pytest.mark.parametrize(("topic", "record"), RECORDS)
def test_an_event_has_the_fields_of_its_newest_schema(
    topic: Topic, record: dict[str, object]
) -> None:
    schema = json.loads(open_registry("bundled").latest(topic.schema).schema)
    assert [one["name"] for one in schema["fields"]] == list(record)


def test_keys_keep_what_belongs_together_in_order() -> None:
    order = from_record(ORDERS, handmade.order(customer_id="c-1"))
    assert isinstance(order, Order)
    assert key_of(order) == b"c-1"
    assert key_of(replace(order, customer_id=None)) == b"536365"
    assert key_of(replace(order, customer_id="")) == b"536365"
    click = from_record(CLICKS, handmade.click())
    assert isinstance(click, Click)
    assert key_of(click) == b"u-1"
    promotion = from_record(PROMOTIONS, handmade.promotion())
    assert isinstance(promotion, Promotion)
    assert key_of(promotion) == b"85123A"
    alert = from_record(ALERTS, ALERT)
    assert isinstance(alert, Alert)
    assert key_of(alert) == b"order:1"


def test_identities_outlive_every_release() -> None:
    """These texts are in topics, lakes and outboxes: a change makes every event a new one."""
    assert simulated_event_id("r", "p", 0) == "aa9708cd-b8fc-5752-b196-08755ee4ad93"
    click = replayed_click_id("e:key", "1\x1fview\x1fu", 0)
    assert replayed_order_id("e", "536365", "placed") == "f770aacd-42a5-5141-9df9-0dc4cd73bf0a"
    assert click == "19e8b9e8-9bb1-5e5e-91f6-e4680cada397"
    assert replayed_purchase_id(click) == "494b9a4b-f8da-5013-aded-e7a1c2796e0b"
    assert alert_id("amount", 1, "order:1", None) == "f329277a-7793-59b8-9702-e7c0f6301d2c"
    assert alert_id("velocity", 1, "c", 0) != alert_id("velocity", 1, "c", None)


@given(st.text(min_size=1), st.text(min_size=1), st.integers(0, 10**9), st.integers(0, 10**9))
def test_another_sequence_is_another_event(run: str, producer: str, one: int, other: int) -> None:
    same = simulated_event_id(run, producer, one) == simulated_event_id(run, producer, other)
    assert same == (one == other)


def test_twins_differ_only_in_how_they_were_sent() -> None:
    order = handmade.order()
    twin = order | {"sent_at": 1, "source": {"run": "2", "producer": "p", "sequence": 1}}
    assert content(order) == content(twin)
    assert content(order) != content(order | {"total": 1})


IDS = {
    "alerts": "cd7ccc6c-0c36-5f9e-8f1d-ebad5fbbcf24",
    "clicks": "8a8fb49e-3dd6-5d9b-a401-e2c166df9e7d",
    "orders": "227a3fd3-4540-5f47-be3e-921b688bb46b",
    "promotions": "3db7917f-3332-5c78-bef2-9dc108100550",
}


def test_bundled_schema_ids_outlive_every_release() -> None:
    """Every value on every laptop begins with one of them."""
    registry = open_registry("bundled")
    assert {family: str(registry.versions(family)[0].id) for family in IDS} == IDS
