"""`tail`: which records are shown, and how."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import pytest
from kafka import TopicPartition

from contracts.errors import Usage
from contracts.registry.opening import open_registry
from contracts.topics import ORDERS
from ops.commands.tail import line_of
from readers.event_text import iso_time, readable
from readers.records import document, partitions_of, records
from tests.contracts import handmade
from tests.contracts.handmade import APPEND_TIME

REGISTRY = open_registry("bundled")
PLACES = [TopicPartition("t", 0), TopicPartition("t", 1)]


@dataclass
class Record:
    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None = b"k"
    value: bytes | None = None


@dataclass
class FakeConsumer:
    """Two partitions, written in turns; a poll gives two records of each."""

    log: dict[TopicPartition, list[Record]]
    positions: dict[TopicPartition, int] = field(default_factory=dict)
    first: int = 0

    def topics(self) -> set[str]:
        return {place.topic for place in self.log}

    def partitions_for_topic(self, topic: str) -> set[int]:
        return {place.partition for place in self.log}

    def assign(self, places: list[TopicPartition]) -> None:
        self.positions = dict.fromkeys(places, 0)

    def beginning_offsets(self, places: list[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(places, self.first)

    def end_offsets(self, places: list[TopicPartition]) -> dict[TopicPartition, int]:
        return {place: self.log[place][-1].offset + 1 for place in places}

    def seek(self, place: TopicPartition, offset: int) -> None:
        self.positions[place] = offset

    def position(self, place: TopicPartition) -> int:
        return self.positions[place]

    def poll(self, timeout_ms: int) -> dict[TopicPartition, list[Record]]:
        polled = {}
        for place, log in self.log.items():
            found = [record for record in log if record.offset >= self.positions[place]][:2]
            if found:
                self.positions[place] = found[-1].offset + 1
                polled[place] = found
        return polled

    def write(self, partition: int, timestamp: int, key: bytes = b"k") -> None:
        log = self.log[PLACES[partition]]
        offset = log[-1].offset + 1 if log else self.first
        log.append(Record("t", partition, offset, timestamp, key))


@pytest.fixture
def consumer() -> FakeConsumer:
    made = FakeConsumer({place: [] for place in PLACES})
    for number in range(5):
        made.write(0, 10 * number, b"even" if number % 2 == 0 else b"odd")
        made.write(1, 10 * number + 5)
    return made


def shown(consumer: FakeConsumer, **changes: Any) -> list[int]:
    options = {"from_beginning": False, "follow": False, "last": 3, "key": None} | changes
    return [one.timestamp for one in records(consumer, PLACES, **options)]


def test_the_last_ones_in_the_order_of_append_time(consumer: FakeConsumer) -> None:
    assert shown(consumer) == [35, 40, 45]


def test_all_from_the_beginning(consumer: FakeConsumer) -> None:
    assert sorted(shown(consumer, from_beginning=True)) == list(range(0, 50, 5))


def test_more_than_there_is(consumer: FakeConsumer) -> None:
    assert shown(consumer, last=100) == list(range(0, 50, 5))


def test_the_last_ones_with_a_key_wherever_they_lie(consumer: FakeConsumer) -> None:
    assert shown(consumer, key="odd") == [10, 30]
    assert shown(consumer, key="even", last=2) == [20, 40]
    assert shown(consumer, key="nobody") == []


def test_following_shows_each_new_record_once(consumer: FakeConsumer) -> None:
    following = records(consumer, PLACES, from_beginning=False, follow=True, last=2, key=None)
    assert [one.timestamp for one in islice(following, 2)] == [40, 45]
    consumer.write(1, 50)
    consumer.write(0, 51)
    assert sorted(one.timestamp for one in islice(following, 2)) == [50, 51]


def test_records_that_arrive_meanwhile_are_left_for_those_who_follow(
    consumer: FakeConsumer,
) -> None:
    found = records(consumer, PLACES, from_beginning=True, follow=False, last=0, key=None)
    first = next(found)
    consumer.write(0, 99)
    assert 99 not in [first.timestamp, *(one.timestamp for one in found)]


def test_offsets_need_not_start_at_zero() -> None:
    consumer = FakeConsumer({place: [] for place in PLACES}, first=7)
    consumer.write(0, 1)
    consumer.write(1, 2)
    assert shown(consumer) == [1, 2]


def test_a_topic_that_is_not_there(consumer: FakeConsumer) -> None:
    assert partitions_of(consumer, "t") == PLACES
    with pytest.raises(Usage, match="no topic 'orders'; known: t"):
        partitions_of(consumer, "orders")


def order_record(value: bytes | None) -> Record:
    return Record(ORDERS.name, 2, 9, APPEND_TIME // 1000, b"c-1", value)


def test_an_event_is_shown_with_money_and_times() -> None:
    found = document(order_record(handmade.value(ORDERS, handmade.order())), REGISTRY)
    event = found.pop("event")
    assert found == {
        "topic": "ecommerce-orders",
        "partition": 2,
        "offset": 9,
        "append_time": "2023-11-14T22:13:20.000000Z",
        "key": "c-1",
    }
    assert event["total"] == "15.30"
    assert event["lines"][0]["unit_price"] == "2.5500"
    assert event["lines"][0]["quantity"] == 6
    assert event["event_time"] == "2023-11-14T22:13:19.000000Z"
    assert event["source"]["sequence"] == 7


def test_a_value_that_breaks_a_rule_is_shown_with_its_reason_and_record() -> None:
    value = handmade.value(ORDERS, handmade.order(total=1, event_time=2**62))
    found = document(order_record(value), REGISTRY)
    assert found["rejected"] == "time_out_of_range"
    assert found["record"]["total"] == "0.01"
    assert found["record"]["event_time"] == 2**62


def test_a_value_that_is_not_decoded_is_shown_with_its_reason() -> None:
    found = document(order_record(b"<script>"), REGISTRY)
    assert (found["rejected"], found["bytes"], found["record"]) == ("bad_header", 8, None)
    assert document(order_record(None), REGISTRY)["rejected"] == "empty"


def test_a_record_of_another_topic_is_shown_as_text() -> None:
    found = document(Record("mine", 0, 0, 0, None, b"\xffhi"), REGISTRY)
    assert found["value"] == "\ufffdhi"
    assert found["key"] is None


def test_a_document_is_one_line_whatever_it_holds() -> None:
    shown = {"event_id": "a\n\r\x0b\x1c\x85\u2028\u2029b", "location": "کندا"}
    line = line_of(shown)
    assert len(line.splitlines()) == 1
    assert "کندا" in line
    assert json.loads(line) == shown


def test_readable_keeps_what_it_does_not_know() -> None:
    assert readable({"a": True, "total": None, "n": 5, "price": 5, "x": [{"price": 1}]}) == {
        "a": True,
        "total": None,
        "n": 5,
        "price": "0.05",
        "x": [{"price": "0.01"}],
    }


@pytest.mark.parametrize(
    ("microseconds", "text"),
    [
        (0, "1970-01-01T00:00:00.000000Z"),
        (-1, "1969-12-31T23:59:59.999999Z"),
        (253_402_300_799_999_999, "9999-12-31T23:59:59.999999Z"),
        (253_402_300_800_000_000, 253_402_300_800_000_000),
        (-(2**63), -(2**63)),
    ],
)
def test_iso_time(microseconds: int, text: str | int) -> None:
    assert iso_time(microseconds) == text
