"""Decoding: every value has one outcome, and it is never an exception."""

from __future__ import annotations

import json
import tracemalloc
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.codec import HEADER_BYTES, decode, decode_record, encode, header, schema_id_of
from contracts.events import Alert, Order, from_record
from contracts.registry import BundledRegistry, MemoryStore, RegistryUnavailable, SchemaVersion
from contracts.rejections import REASONS, Rejection
from contracts.schemas import bundled_schemas
from contracts.topics import ALERTS, CLICKS, ORDERS, PROMOTIONS, TOPICS, Topic
from tests.contracts import handmade, poison
from tests.contracts.avro_schemas import field
from tests.contracts.handmade import APPEND_TIME, zigzag
from tests.contracts.poison import POISON, Poison

REGISTRY = BundledRegistry(MemoryStore(bundled_schemas()))
GOOD = {
    ORDERS.name: handmade.value(
        ORDERS, handmade.order(lines=[handmade.line(), handmade.line()], total=3060)
    ),
    CLICKS.name: handmade.value(CLICKS, handmade.click(session_id="s-1", brand="b")),
    PROMOTIONS.name: handmade.value(PROMOTIONS, handmade.promotion()),
}
topics = st.sampled_from([ORDERS, CLICKS, PROMOTIONS])


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in POISON])
def test_poison_has_its_reason(case: Poison) -> None:
    outcome = decode(case.topic, case.value, case.append_time, REGISTRY)
    assert (outcome.reason if isinstance(outcome, Rejection) else None) == case.reason


def test_every_reason_has_poison() -> None:
    assert {case.reason for case in POISON} - {None} == set(REASONS)


def test_names_of_poison_are_unique() -> None:
    assert len({case.name for case in POISON}) == len(POISON)


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in poison.AVRO])
def test_no_poison_makes_the_decoder_allocate_what_it_claims(case: Poison) -> None:
    tracemalloc.start()
    decode(case.topic, case.value, case.append_time, REGISTRY)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 5_000_000


@given(topics, st.binary(max_size=300))
def test_any_bytes_are_a_rejection(topic: Topic, value: bytes) -> None:
    assert isinstance(decode(topic, value, APPEND_TIME, REGISTRY), Rejection)


def is_event_or_rejection(topic: Topic, value: bytes) -> bool:
    """Whether the value is refused for a known reason, or is an event that survives the wire."""
    outcome = decode(topic, value, APPEND_TIME, REGISTRY)
    if isinstance(outcome, Rejection):
        return outcome.reason in REASONS and bool(outcome.detail)
    again = encode(outcome, REGISTRY.latest(topic.schema))
    return decode(topic, again, APPEND_TIME, REGISTRY) == outcome


@given(topics, st.binary(max_size=300))
def test_any_bytes_behind_a_good_header_have_an_outcome(topic: Topic, body: bytes) -> None:
    assert is_event_or_rejection(topic, handmade.header_of(topic) + body)


@given(topics, st.data())
def test_a_cut_value_is_undecodable(topic: Topic, data: st.DataObject) -> None:
    value = GOOD[topic.name]
    length = data.draw(st.integers(HEADER_BYTES, len(value) - 1))
    outcome = decode(topic, value[:length], APPEND_TIME, REGISTRY)
    assert isinstance(outcome, Rejection)
    assert outcome.reason == "undecodable"


@given(topics, st.data())
def test_a_value_with_flipped_bits_has_an_outcome(topic: Topic, data: st.DataObject) -> None:
    value = bytearray(GOOD[topic.name])
    for _ in range(data.draw(st.integers(1, 5))):
        bit = data.draw(st.integers(0, len(value) * 8 - 1))
        value[bit // 8] ^= 1 << bit % 8
    assert is_event_or_rejection(topic, bytes(value))


@given(topics, topics, st.binary(max_size=30))
def test_a_value_behind_another_header_has_an_outcome(
    topic: Topic, written: Topic, tail: bytes
) -> None:
    body = GOOD[written.name][HEADER_BYTES:]
    assert is_event_or_rejection(topic, handmade.header_of(topic) + body + tail)


@given(topics, st.binary(min_size=1, max_size=50))
def test_bytes_after_a_record_are_ignored(topic: Topic, tail: bytes) -> None:
    value = GOOD[topic.name]
    good = decode(topic, value, APPEND_TIME, REGISTRY)
    assert not isinstance(good, Rejection)
    assert decode(topic, value + tail, APPEND_TIME, REGISTRY) == good


@pytest.mark.parametrize("topic", [ORDERS, CLICKS, PROMOTIONS], ids=lambda topic: topic.name)
def test_an_event_survives_the_wire(topic: Topic) -> None:
    event = decode(topic, GOOD[topic.name], APPEND_TIME, REGISTRY)
    assert not isinstance(event, Rejection)
    assert encode(event, REGISTRY.latest(topic.schema)) == GOOD[topic.name]


def test_an_alert_survives_the_wire() -> None:
    alert = Alert(
        alert_id="a-1",
        rule="amount",
        rule_version=1,
        subject="order:1",
        window_start=None,
        severity="high",
        event_time=APPEND_TIME,
        region="Europe",
        evidence={"total": "1000.01", "ключ": "значение"},
    )
    value = encode(alert, REGISTRY.latest("alerts"))
    assert decode(ALERTS, value, APPEND_TIME, REGISTRY) == alert


def test_an_event_that_does_not_fit_is_refused_by_the_writer() -> None:
    event = from_record(ORDERS, handmade.order(total="15.30"))
    with pytest.raises((TypeError, ValueError)):
        encode(event, REGISTRY.latest("orders"))


@pytest.mark.parametrize(
    ("value", "found"),
    [
        pytest.param(b"", None, id="empty"),
        pytest.param(b"\x03\x00" + bytes(15), None, id="17 bytes"),
        pytest.param(b"\x03\x00" + bytes(16), UUID(int=0), id="18 bytes"),
        pytest.param(b"\x03\x05" + bytes(16), UUID(int=0), id="compressed by zlib"),
        pytest.param(b"\x03\x01" + bytes(16), None, id="compressed by another way"),
        pytest.param(header(UUID(int=7)) + b"more", UUID(int=7), id="with a body"),
    ],
)
def test_schema_id_of(value: bytes, found: UUID | None) -> None:
    assert schema_id_of(value) == found


def test_the_header_is_glues_framing() -> None:
    version = REGISTRY.latest("orders")
    value = encode(from_record(ORDERS, handmade.order()), version)
    assert value[:2] == b"\x03\x00"
    assert value[2:18] == version.id.bytes


class _Away(BundledRegistry):
    def version(self, schema_id: UUID) -> SchemaVersion:
        raise RegistryUnavailable("no answer")


def test_a_registry_that_does_not_answer_is_no_property_of_the_data() -> None:
    with pytest.raises(RegistryUnavailable):
        decode(ORDERS, GOOD[ORDERS.name], APPEND_TIME, _Away(MemoryStore({})))


def registry_with(*changes: dict[str, object]) -> tuple[BundledRegistry, bytes]:
    """A registry whose second version of orders has fields changed, and a value of the first."""
    first = bundled_schemas()["orders"][0]
    fields = {one["name"]: one for one in json.loads(first)["fields"]}
    for change in changes:
        fields[str(change["name"])] = fields.get(str(change["name"]), {}) | change
    kept = [one for one in fields.values() if one.get("type") != "gone"]
    second = json.dumps(json.loads(first) | {"fields": kept})
    return BundledRegistry(MemoryStore({"orders": (first, second)})), GOOD[ORDERS.name]


def test_a_field_that_a_newer_schema_added_does_not_change_the_event() -> None:
    registry, value = registry_with(field("coupon", ["null", "string"], default=None))
    assert decode(ORDERS, value, APPEND_TIME, registry) == decode(
        ORDERS, value, APPEND_TIME, REGISTRY
    )
    record = decode_record(ORDERS, value, registry)
    assert not isinstance(record, Rejection)
    assert record["coupon"] is None


def test_a_field_that_a_newer_schema_removed_is_missed_only_where_it_is_needed() -> None:
    registry, value = registry_with(field("device_id", "gone"))
    event = decode(ORDERS, value, APPEND_TIME, registry)
    assert event == decode(ORDERS, value, APPEND_TIME, REGISTRY)
    registry, value = registry_with(field("customer_id", "gone"))
    event = decode(ORDERS, value, APPEND_TIME, registry)
    assert isinstance(event, Order)
    assert event.customer_id is None
    registry, value = registry_with(field("location", "gone"))
    assert decode(ORDERS, value, APPEND_TIME, registry) == Rejection(
        "undecodable", "the newest schema has no field location"
    )


def test_a_null_where_an_event_needs_a_value_is_a_missing_field() -> None:
    registry, _ = registry_with(field("event_id", ["null", "string"]))
    written = registry.latest("orders")
    value = header(written.id) + zigzag(0) + GOOD[ORDERS.name][HEADER_BYTES + 37 :]
    assert decode(ORDERS, value, APPEND_TIME, registry) == Rejection("missing_field", "event_id")


def test_there_is_a_schema_for_every_topic() -> None:
    assert {topic.schema for topic in TOPICS} == set(bundled_schemas())
