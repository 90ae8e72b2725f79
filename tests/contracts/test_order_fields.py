"""The Avro schema says which fields an order has; every other list of them follows it.

Derived from it: `contracts.rejections` (texts and times), `contracts.avro.fragments` (symbols).
Compared with it here: the lists that cannot be derived.
"""

from __future__ import annotations

import dataclasses
from typing import Any, get_args

import pytest

from contracts.codec import decode, decode_record, encode
from contracts.events import ClickType, Order, OrderKind, OrderLine, Source
from contracts.registry.opening import open_registry
from contracts.rejections import LATEST_TIME_US
from contracts.schemas.fields import fields_of
from contracts.tables.lake import ENVELOPE, own_columns
from contracts.tables.postgres import ORDERS as ORDERS_TABLE
from contracts.topics import ORDERS, SOURCES, Topic
from tests.contracts.avro.test_fragments import joined
from tests.contracts.handmade import order
from tests.producer.simulate.sent_shop import send

REGISTRY = open_registry("bundled")


@pytest.mark.parametrize(
    ("listed", "inside"),
    [
        pytest.param(Order, None, id="contracts.events.Order"),
        pytest.param(OrderLine, "lines", id="contracts.events.OrderLine"),
        pytest.param(Source, "source", id="contracts.events.Source"),
    ],
)
def test_a_class_has_the_fields_in_their_order(listed: type, inside: str | None) -> None:
    names = [field.name for field in fields_of("orders", inside)]
    assert [field.name for field in dataclasses.fields(listed)] == names


@pytest.mark.parametrize(
    ("listed", "family", "field"),
    [
        pytest.param(OrderKind, "orders", "kind", id="contracts.events.OrderKind"),
        pytest.param(ClickType, "clicks", "event_type", id="contracts.events.ClickType"),
    ],
)
def test_a_type_has_the_symbols_in_their_order(listed: Any, family: str, field: str) -> None:
    (symbols,) = (tuple(one.type["symbols"]) for one in fields_of(family) if one.name == field)
    assert get_args(listed) == symbols


@pytest.fixture(
    params=["contracts.avro.fragments.OrderValues", "producer.simulate.encoding.order_columns"]
)
def written(request: pytest.FixtureRequest) -> list[bytes]:
    """Values of orders that do not pass the general encoder."""
    if request.param.startswith("producer"):
        return [value for topic, _, value in send(events=2_000).outlet.sent if topic == ORDERS]
    full = order(device_id="d-1", account_created_at=1, lines=[vars(LINE), vars(LINE)], total=2000)
    plain = full | {"customer_id": None, "device_id": None, "account_created_at": None}
    return [joined(as_order(record)) for record in (full, plain)]


LINE = OrderLine("p", "mug", "kitchen", 1, 100_000)


def as_order(record: dict[str, Any]) -> Order:
    source, lines = Source(**record["source"]), tuple(OrderLine(**one) for one in record["lines"])
    return Order(**record | {"source": source, "lines": lines})


def test_a_value_holds_every_field_and_nothing_else(written: list[bytes]) -> None:
    assert written
    for value in written:
        record = decode_record(ORDERS, value, REGISTRY)
        assert isinstance(record, dict)
        assert list(record) == [field.name for field in fields_of("orders")]
        event = decode(ORDERS, value, LATEST_TIME_US, REGISTRY)
        assert isinstance(event, Order)
        assert encode(event, REGISTRY.latest("orders")) == value


ENVELOPE_FIELDS = {"source", *(column.name for column in ENVELOPE)}


@pytest.mark.parametrize("topic", SOURCES, ids=lambda topic: topic.name)
def test_silver_has_a_column_for_each_field_of_its_own_events(topic: Topic) -> None:
    """`contracts.tables.lake`; `emr_jobs.transforms.events` takes its columns from there."""
    fields = [one for one in fields_of(topic.schema) if one.name not in ENVELOPE_FIELDS]
    columns = [(column.name, column.nullable) for column in own_columns(topic)]
    assert sorted(columns) == sorted((field.name, field.nullable) for field in fields)


def test_the_table_of_orders_holds_fields_of_an_order() -> None:
    """`contracts.tables.postgres`; `emr_jobs.apps.orders` takes its columns from there."""
    beside = {"append_time", "partition", "offset", "canary"}
    nullable = {field.name: field.nullable for field in fields_of("orders")}
    for column in ORDERS_TABLE.columns:
        assert column.name in beside or nullable[column.name] == column.nullable
