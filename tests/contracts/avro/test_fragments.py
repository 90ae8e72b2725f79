"""Values joined from pieces are the bytes that the general encoder writes."""

from __future__ import annotations

import io
from typing import get_args

import fastavro
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts import codec
from contracts.avro import fragments
from contracts.events import Order, OrderKind, OrderLine, Source
from contracts.money import line_amount
from contracts.registry import BundledRegistry, MemoryStore, SchemaVersion
from contracts.schemas import bundled_schemas

ORDERS = BundledRegistry(MemoryStore({})).register("orders", bundled_schemas()["orders"][0])
LONGS = st.integers(-(2**63), 2**63 - 1)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=80)
LINES = st.lists(
    st.builds(
        OrderLine, TEXTS, TEXTS, TEXTS, st.integers(-1_000_000, 1_000_000), st.integers(0, 10**10)
    ),
    min_size=1,
    max_size=70,
)


@st.composite
def orders(draw: st.DrawFn) -> Order:
    lines = tuple(draw(LINES))
    return Order(
        event_id=str(draw(st.uuids())),
        event_time=draw(LONGS),
        sent_at=draw(LONGS),
        region=draw(TEXTS),
        source=Source(draw(TEXTS), draw(TEXTS), draw(LONGS)),
        order_id=draw(TEXTS),
        kind=draw(st.sampled_from(get_args(OrderKind))),
        customer_id=draw(st.none() | TEXTS),
        lines=lines,
        total=sum(line_amount(line.quantity, line.unit_price) for line in lines),
        currency=draw(TEXTS),
        location=draw(TEXTS),
        payment_method=draw(TEXTS),
    )


def joined(order: Order) -> bytes:
    values = fragments.OrderValues(
        ORDERS,
        run=order.source.run,
        producer=order.source.producer,
        currency=order.currency,
        payment_method=order.payment_method,
    )
    return values.value(
        event_id=order.event_id,
        event_time=order.event_time,
        sent_at=order.sent_at,
        region=fragments.text(order.region),
        sequence=order.source.sequence,
        order_id=order.order_id,
        kind=order.kind,
        customer_id=order.customer_id,
        line_count=len(order.lines),
        lines=b"".join(
            fragments.text(line.product_id)
            + fragments.text(line.product_name)
            + fragments.text(line.category)
            + fragments.long(line.quantity)
            + fragments.long(line.unit_price)
            for line in order.lines
        ),
        total=order.total,
        location=fragments.text(order.location),
    )


@given(orders())
def test_an_order_of_pieces_equals_the_encoders_order(order: Order) -> None:
    assert joined(order) == codec.encode(order, ORDERS)


@given(LONGS)
def test_a_long_equals_the_encoders_long(value: int) -> None:
    written = io.BytesIO()
    fastavro.schemaless_writer(written, "long", value)
    assert fragments.long(value) == written.getvalue()


@pytest.mark.parametrize(
    ("value", "encoded"),
    [
        pytest.param(0, "00", id="zero"),
        pytest.param(-1, "01", id="minus one comes before one"),
        pytest.param(63, "7e", id="last of one byte"),
        pytest.param(64, "8001", id="first of two bytes"),
        pytest.param(8191, "fe7f", id="last of two bytes"),
        pytest.param(8192, "808001", id="first of three bytes"),
        pytest.param(2**63 - 1, "feffffffffffffffff01", id="greatest"),
        pytest.param(-(2**63), "ffffffffffffffffff01", id="least"),
    ],
)
def test_longs_at_the_boundaries(value: int, encoded: str) -> None:
    assert fragments.long(value).hex() == encoded


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1], ids=["above", "below"])
def test_a_number_beyond_64_bits_is_refused(value: int) -> None:
    with pytest.raises(ValueError, match="64 bits"):
        fragments.long(value)


def test_another_schema_is_refused() -> None:
    other = SchemaVersion(ORDERS.id, "orders", 2, '{"type":"string"}')
    with pytest.raises(ValueError, match="not the schema"):
        fragments.OrderValues(other, run="r", producer="p", currency="GBP", payment_method="cash")
