"""The order of things in a replay: vault, ledger, outlet; pace; what a failure does."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pytest

from contracts.avro.fragments import OrderValues, long, text
from contracts.ledger import Run, SourceFile
from contracts.registry import BundledRegistry, MemoryStore
from contracts.schemas import bundled_schemas
from contracts.topics import Topic
from producer.clock import Clock, Pace
from producer.ledger import Attempt
from producer.outlets import Deliveries, Destination, Failure
from producer.replay.file_order import FileOrder
from producer.replay.order_encoder import OrderEncoder
from producer.replay.replaying import Replay
from producer.replay.values.patterns import read_patterns
from producer.room import GOES_ON, EndlessRoom, Gate, Room
from producer.subjects import Subject, Tokens
from tests.producer.retail import EXAMPLES

SECOND = 1_000_000
SCHEMA = BundledRegistry(MemoryStore({})).register("orders", bundled_schemas()["orders"][0])


class World:
    """Vault, ledger, outlet and clock that write down what happens to them."""

    def __init__(self, failing: frozenset[int] = frozenset()) -> None:
        self.events: list[str] = []
        self.runs: list[Run] = []
        self.told: list[str] = []
        self.now = 0.0
        self._failing = failing
        self._said: dict[str, bytes] = {}
        self._acknowledged: list[int] = []
        self._failures: list[Failure] = []

    # the vault
    def secret(self) -> bytes:
        return b"secret"

    def remember(self, subjects: Sequence[Subject]) -> None:
        self.events.append(f"remember {' '.join(subject.real_id for subject in subjects)}")

    # the ledger
    def attempt(self, attempts: Sequence[Attempt]) -> None:
        self.events.append(f"attempt {' '.join(str(position) for *_, position in attempts)}")

    def outcome(self, deliveries: Deliveries) -> None:
        self.events += [f"acknowledged {sequence}" for sequence in deliveries.sequences]
        self.events += [f"failed {failure.sequence}" for failure in deliveries.failures]

    def sync(self, run: Run) -> None:
        self.runs.append(run)

    # the ids of orders
    def changed(self, orders: Sequence[tuple[str, bytes]]) -> set[str]:
        known = [self._said.setdefault(event_id, digest) for event_id, digest in orders]
        return {one[0] for one, kept in zip(orders, known, strict=True) if kept != one[1]}

    # the outlet
    def destination(self) -> Destination:
        return Destination("test")

    def send(
        self,
        topic: Topic,
        keys: Sequence[bytes],
        values: Sequence[bytes],
        sequences: Sequence[int],
    ) -> None:
        (sequence,) = sequences
        self.events.append(f"send {sequence} at {self.now:g}")
        if sequence in self._failing:
            self._failures.append(Failure(sequence, "the disk is full"))
        else:
            self._acknowledged.append(sequence)

    def deliveries(self) -> Deliveries:
        taken = Deliveries(self._acknowledged, failures=self._failures)
        self._acknowledged, self._failures = [], []
        return taken

    def flush(self, timeout: float) -> int:
        return 0

    def close(self) -> None:
        self.events.append("close")

    # the clock
    def sleep(self, seconds: float) -> None:
        self.now += seconds


def order(position: int, at: float = 0, customer: str | None = None) -> FileOrder:
    line = text("85123A") + text("LANTERN") + text("lights") + long(1) + long(10_000)
    return FileOrder(
        position, int(at * SECOND), f"{position}", "placed", customer, "France", 1, line, 100
    )


def replay(world: World, speed: float | None = None, room: Room | None = None) -> Replay[FileOrder]:
    source = SourceFile("online-retail", "sha", "sha", 0, 1, 0, "c", "r")
    run = Run("run", "replay", 0, "cluster", {}, source)
    values = OrderValues(SCHEMA, run="run", producer="p", currency="GBP", payment_method="unknown")
    clock = Clock(lambda: int(world.now * SECOND), lambda: world.now, world.sleep)
    return Replay(
        run=run,
        outlet=world,
        ledger=world,
        order_ids=world,
        encoder=OrderEncoder(
            "sha",
            Tokens(world, "customer"),
            lambda _currency: values,
            read_patterns(EXAMPLES / "regions.csv", "region"),
            lambda: int(world.now * SECOND),
        ),
        pace=Pace(speed),
        clock=clock,
        gate=Gate(room or EndlessRoom(), clock),
        rows_read=lambda: 0,
        rejected=dict,
        tell=world.told.append,
        noun="orders",
    )


def test_a_customer_is_remembered_and_an_attempt_noted_before_anything_is_sent() -> None:
    world = World()
    assert replay(world).send(iter([order(1, customer="7"), order(4, customer="7")]))
    assert world.events == [
        "remember 7",
        "attempt 1 4",
        "send 0 at 0",
        "send 1 at 0",
        "acknowledged 0",
        "acknowledged 1",
    ]


def test_orders_are_sent_when_they_are_due_not_when_the_next_is() -> None:
    world = World()
    replay(world, speed=60).send(iter([order(1, 0), order(2, 60), order(3, 30), order(4, 120)]))
    sent = [event for event in world.events if event.startswith("send")]
    assert [event.split()[1] for event in sent] == ["0", "1", "2", "3"]
    assert [float(event.split()[3]) for event in sent] == pytest.approx([0, 1, 1, 2])


def test_a_line_and_a_synced_run_each_second() -> None:
    world = World()
    replay(world, speed=1).send(iter([order(1, 0), order(2, 5)]))
    assert len(world.told) == len(world.runs) == 4
    assert world.told[0].startswith("0 rows read, 1 orders sent, 1 acknowledged")
    assert {run.source.last_row for run in world.runs if run.source} == {1}


def test_a_failure_stops_the_replay_and_is_counted() -> None:
    world = World(failing=frozenset({3}))
    running = replay(world)
    assert not running.send(order(position) for position in range(1, 10_000))
    assert running.counts.failed == 1
    assert running.counts.first_failure == "the disk is full"
    assert running.counts.acknowledged == running.counts.attempted - 1 < 1000
    assert "failed 3" in world.events


def test_a_changed_copy_of_an_order_is_not_sent() -> None:
    world = World()
    running = replay(world)
    running.send(iter([order(1), order(2)]))
    running.send(iter([order(1), order(2, at=1), order(3)]))
    assert [event for event in world.events if event.startswith("attempt")] == [
        "attempt 1 2",
        "attempt 1 3",
    ]
    assert (running.counts.changed, running.counts.attempted) == (1, 4)
    assert running.counts.first_changed == ["order 2 (row 2)"]


def test_a_stop_attempts_nothing_more() -> None:
    world = World()
    running = replay(world, speed=1)

    def orders() -> Iterable[FileOrder]:
        yield order(1, 0)
        yield order(2, 10)
        running.stop()
        yield order(3, 20)

    assert not running.send(iter(orders()))
    assert running.finish(timeout=1) == 0
    running.close(running.last_row, finished=False)
    assert [event for event in world.events if event.startswith("send")] == ["send 0 at 0"]
    assert running.last_row == 1
    assert world.runs[-1].finished is False
    assert world.runs[-1].source is not None
    assert world.runs[-1].source.last_row == 1


def test_an_unanswered_event_is_reported_when_time_is_up() -> None:
    class Silent(World):
        def deliveries(self) -> Deliveries:
            return Deliveries()

        def flush(self, timeout: float) -> int:
            self.now += timeout
            return 1

    world = Silent()
    running = replay(world)
    running.send(iter([order(1)]))
    assert running.finish(timeout=5) == 1
    assert world.now == pytest.approx(5)


class FullUntil:
    """A room that lacks something until a moment of its world."""

    def __init__(self, world: World, moment: float) -> None:
        self._world, self._moment = world, moment

    def lacking(self) -> str:
        return "full" if self._world.now < self._moment else ""

    def close(self) -> None: ...


def test_without_room_nothing_is_sent_and_then_it_goes_on() -> None:
    world = World()
    orders = iter([order(1, 0), order(2, 1), order(3, 600)])
    assert replay(world, 60, FullUntil(world, 5)).send(orders)
    sent = [event.split() for event in world.events if event.startswith("send")]
    assert [(int(number), round(float(at))) for _, number, _, at in sent] == [
        (0, 5),
        (1, 5),
        (2, 10),
    ]
    assert world.told[:2] == ["full", GOES_ON]
    assert world.told.count("full") == 1


def test_a_run_that_waits_for_room_can_be_stopped() -> None:
    world = World()
    run = replay(world, room=FullUntil(world, 10**9))
    sleep = world.sleep

    def stopping(seconds: float) -> None:
        sleep(seconds)
        if world.now > 3:
            run.stop()

    world.sleep = stopping  # type: ignore[method-assign] - Ctrl-C comes while it sleeps
    run.clock = Clock(lambda: 0, lambda: world.now, stopping)
    assert not run.send(iter([order(1)]))
    assert [event for event in world.events if event.startswith(("attempt", "send"))] == []
    assert run.last_row == run.run.source.last_row  # type: ignore[union-attr] - it has a source
