"""What every outlet promises: order per key, nothing lost on flush, each event's fate told once.

Kafka is librdkafka's own mock cluster: the real protocol, without a broker's disk.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pytest
from confluent_kafka import OFFSET_BEGINNING, Consumer, Producer, TopicPartition

from contracts.errors import NotReady
from contracts.topics import CLICKS, ORDERS, Topic
from producer.outlets import Deliveries, Destination, Failure, Outlet
from producer.outlets.file import FileOutlet, read_back
from producer.outlets.kafka import KafkaOutlet, find_destination
from producer.outlets.null import NullOutlet

NOW_US = 1_800_000_000_000_000
Pairs = list[tuple[bytes, bytes]]


class Bench(Protocol):
    """An outlet, and what arrived through it."""

    outlet: Outlet

    def arrived(self, topic: Topic) -> Pairs: ...


class FileBench:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.outlet: Outlet = FileOutlet(folder, clock=lambda: NOW_US)

    def arrived(self, topic: Topic) -> Pairs:
        return list(read_back(self.folder, topic))


class NullBench:
    def __init__(self, _folder: Path) -> None:
        self.outlet: Outlet = NullOutlet()

    def arrived(self, topic: Topic) -> Pairs:
        return []


class KafkaBench:
    def __init__(self, _folder: Path) -> None:
        # The mock cluster lives as long as this client.
        self._host = Producer({"test.mock.num.brokers": 3, "log_level": 0})
        brokers = self._host.list_topics(timeout=10).brokers.values()
        self.address = ",".join(f"{broker.host}:{broker.port}" for broker in brokers)
        self.outlet: Outlet = KafkaOutlet(
            {"bootstrap.servers": self.address, "log_level": 0},
            Destination("mock", {ORDERS.name: "1"}),
            time.monotonic,
        )

    def arrived(self, topic: Topic) -> Pairs:
        reader = Consumer({"bootstrap.servers": self.address, "group.id": "test", "log_level": 0})
        partitions = reader.list_topics(topic.name, timeout=10).topics[topic.name].partitions
        ends = {
            number: reader.get_watermark_offsets(TopicPartition(topic.name, number), timeout=10)[1]
            for number in partitions
        }
        reader.assign([TopicPartition(topic.name, n, OFFSET_BEGINNING) for n in partitions])
        pairs: Pairs = []
        while len(pairs) < sum(ends.values()):
            message = reader.poll(10)
            assert message is not None and message.error() is None
            pairs.append((message.key() or b"", message.value() or b""))
        reader.close()
        return pairs


BENCHES: dict[str, Callable[[Path], Bench]] = {
    "file": FileBench,
    "kafka": KafkaBench,
    "null": NullBench,
}


@pytest.fixture(params=BENCHES)
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    made = BENCHES[request.param](tmp_path)
    yield made
    made.outlet.close()


def reading(bench: Bench) -> None:
    if isinstance(bench, NullBench):
        pytest.xfail("null keeps nothing: it measures how fast events are made")


Row = tuple[int, int, int, int]


def deliveries_of(outlet: Outlet) -> tuple[list[Row], list[Failure]]:
    """Sequence, partition, offset and append time of each acknowledged event; the failures."""
    found = outlet.deliveries()
    assert outlet.flush(timeout=30) == 0
    later = outlet.deliveries()
    return [*rows_of(found), *rows_of(later)], [*found.failures, *later.failures]


def rows_of(found: Deliveries) -> Iterator[Row]:
    return zip(found.sequences, found.partitions, found.offsets, found.append_times, strict=True)


def test_events_of_one_key_arrive_in_the_order_in_which_they_were_sent(bench: Bench) -> None:
    reading(bench)
    for n in range(3000):
        bench.outlet.send(ORDERS, [b"customer-%d" % (n % 7)], [b"%d" % n], [n])
    assert bench.outlet.flush(timeout=30) == 0
    arrived = bench.arrived(ORDERS)
    assert len(arrived) == 3000
    for key in range(7):
        values = [int(value) for found, value in arrived if found == b"customer-%d" % key]
        assert values == list(range(key, 3000, 7))


def test_bytes_arrive_as_they_are(bench: Bench) -> None:
    reading(bench)
    value = bytes(range(256)) * 400
    bench.outlet.send(ORDERS, [b"\x00\xff\n"], [value], [0])
    assert bench.outlet.flush(timeout=30) == 0
    assert bench.arrived(ORDERS) == [(b"\x00\xff\n", value)]


def test_each_event_is_acknowledged_once(bench: Bench) -> None:
    for n in range(1000):
        bench.outlet.send(ORDERS, [b"%d" % n], [b"value"], [n])
    acknowledged, failures = deliveries_of(bench.outlet)
    assert sorted(sequence for sequence, *_ in acknowledged) == list(range(1000))
    assert failures == []
    assert bench.outlet.deliveries().acknowledged == 0


def test_acknowledgements_tell_where_an_event_is(bench: Bench) -> None:
    for n in range(300):
        bench.outlet.send(ORDERS, [b"%d" % n], [b"value"], [n])
    by_partition: dict[int, list[int]] = {}
    acknowledged, _ = deliveries_of(bench.outlet)
    for _, partition, offset, _ in sorted(acknowledged):
        by_partition.setdefault(partition, []).append(offset)
    assert sum(map(len, by_partition.values())) == 300
    for offsets in by_partition.values():
        assert offsets == list(range(len(offsets)))


def test_topics_are_kept_apart(bench: Bench) -> None:
    reading(bench)
    bench.outlet.send(ORDERS, [b"k"], [b"order"], [0])
    bench.outlet.send(CLICKS, [b"k"], [b"click"], [1])
    assert bench.outlet.flush(timeout=30) == 0
    assert bench.arrived(ORDERS) == [(b"k", b"order")]
    assert bench.arrived(CLICKS) == [(b"k", b"click")]


def test_flush_without_events_returns_at_once(bench: Bench) -> None:
    assert bench.outlet.flush(timeout=0) == 0
    assert bench.outlet.deliveries().acknowledged == 0


def test_a_file_outlet_appends_and_counts_on(tmp_path: Path) -> None:
    for n in range(3):
        outlet = FileOutlet(tmp_path, clock=lambda: NOW_US)
        outlet.send(ORDERS, [b"k"], [b"%d" % n], [n])
        acknowledged, _ = deliveries_of(outlet)
        outlet.close()
        assert acknowledged == [(n, 0, n, NOW_US)]
    assert [value for _, value in read_back(tmp_path, ORDERS)] == [b"0", b"1", b"2"]


@dataclass
class Silent:
    """An outlet to an address at which nobody listens, and its clock."""

    now: float = 0.0

    def outlet(self, **settings: object) -> KafkaOutlet:
        address = {"bootstrap.servers": "127.0.0.1:1", "log_level": 0}
        return KafkaOutlet(address | settings, Destination("nowhere"), lambda: self.now, 12)

    def asked_each(self, outlet: KafkaOutlet, *seconds: float) -> list[Failure]:
        """What has failed after steps of so many seconds."""
        failures: list[Failure] = []
        for step in seconds:
            self.now += step
            failures += outlet.deliveries().failures
        return failures


def test_an_event_fails_when_kafka_was_silent_for_too_long() -> None:
    silent = Silent()
    outlet = silent.outlet()
    outlet.send(ORDERS, [b"k", b"k"], [b"v", b"w"], [7, 8])
    assert silent.asked_each(outlet, 0, 4, 4, 3.9) == []
    assert outlet.flush(0) == 2
    why = "Kafka did not acknowledge all events for 12 s"
    assert silent.asked_each(outlet, 0.1) == [Failure(7, why), Failure(8, why)]
    assert outlet.flush(0) == 0


def test_the_time_in_which_a_machine_sleeps_is_no_silence() -> None:
    silent = Silent()
    outlet = silent.outlet()
    outlet.send(ORDERS, [b"k"], [b"v"], [7])
    assert silent.asked_each(outlet, 0, 150, 0.1) == []
    outlet.close()


def test_silence_begins_when_an_event_is_under_way() -> None:
    silent = Silent()
    outlet = silent.outlet()
    assert silent.asked_each(outlet, 4, 4, 4, 4) == []
    outlet.send(ORDERS, [b"k"], [b"v"], [7])
    assert silent.asked_each(outlet, 0, 4, 4) == []
    outlet.close()


def test_an_event_that_waits_for_long_is_not_hidden_by_later_ones(tmp_path: Path) -> None:
    """One partition has no leader, and the others go on."""
    bench, silent = KafkaBench(tmp_path), Silent()
    settings = {"bootstrap.servers": bench.address, "log_level": 0}
    outlet = KafkaOutlet(settings, Destination("mock"), lambda: silent.now, 12)
    outlet.send(ORDERS, [b"k"], [b"v"], [0])
    # As if the first event of a partition without a leader had been sent: nobody tells of it.
    outlet._since += 1
    acknowledged, failed = 0, []
    for n in range(1, 8):
        outlet.send(ORDERS, [b"k"], [b"v"], [n])
        outlet.flush(10)
        acknowledged += outlet.deliveries().acknowledged
        outlet.send(ORDERS, [b"k"], [b"v"], [100 + n])
        failed += silent.asked_each(outlet, 4)
    assert acknowledged > 0
    assert failed
    bench.outlet.close()


def test_a_sender_that_waits_for_its_queue_gives_up_too() -> None:
    silent = Silent()
    outlet = silent.outlet(**{"queue.buffering.max.messages": 1})
    outlet.send(ORDERS, [b"k"], [b"v"], [7])
    threading.Timer(0.3, lambda: vars(silent).update(now=5.0)).start()
    threading.Timer(0.6, lambda: vars(silent).update(now=10.0)).start()
    threading.Timer(0.9, lambda: vars(silent).update(now=15.0)).start()
    outlet.send(ORDERS, [b"k"], [b"w"], [8])
    assert [each.sequence for each in outlet.deliveries().failures] == [7]
    outlet.close()


def test_a_full_local_queue_slows_the_sender_down(tmp_path: Path) -> None:
    bench = KafkaBench(tmp_path)
    outlet = KafkaOutlet(
        {"bootstrap.servers": bench.address, "queue.buffering.max.messages": 10, "log_level": 0},
        Destination("mock"),
        time.monotonic,
    )
    for n in range(500):
        outlet.send(ORDERS, [b"k"], [b"v"], [n])
    acknowledged, _ = deliveries_of(outlet)
    assert len(acknowledged) == 500


def test_an_unreachable_broker_is_told_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("producer.outlets.kafka.CONNECT_SECONDS", 0.5)
    with pytest.raises(NotReady, match=r"no Kafka broker answers at 127\.0\.0\.1:1"):
        find_destination("127.0.0.1:1", {}, ORDERS)


def test_a_missing_topic_is_told(tmp_path: Path) -> None:
    bench = KafkaBench(tmp_path)
    with pytest.raises(NotReady, match="has no topic ecommerce-orders"):
        find_destination(bench.address, {}, ORDERS)
    bench.outlet.close()
