"""The proof waits until everything is applied and at rest, and says why when that does not come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest

from contracts.errors import NotReady
from proof.waiting import DOWN_SECONDS, Counters, wait
from readers.kafka import PartitionOffsets

TOPIC = "ecommerce-orders"
DONE = Counters(
    partitions=(PartitionOffsets(TOPIC, "id-1", 0, 0, 10, 10),),
    until={("ingest", "id-1", 0): 10, ("orders", "id-1", 0): 10},
    unsent=0,
    unpublished={"gold.order_metrics": 0, "gold.fraud_alerts": 0},
    journal={"orders": 3},
    states={"ingest": ("running", ""), "orders": ("running", "")},
)
BEHIND = replace(DONE, until={("ingest", "id-1", 0): 10, ("orders", "id-1", 0): 9})
MOVED = replace(DONE, journal={"orders": 4})
DOWN = {"ingest": ("running", ""), "orders": ("failed", "topic created again")}


@dataclass
class Machine:
    """A clock that sleep moves, and counters shown one after the other, the last for ever."""

    shown: Sequence[Counters]
    now: float = 0.0
    looks: int = 0
    said: list[str] = field(default_factory=list)

    def look(self) -> Counters:
        self.looks += 1
        return self.shown[min(self.looks, len(self.shown)) - 1]

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def wait(self, deadline: float = 600.0) -> Counters:
        return wait(
            self.look,
            deadline=deadline,
            clock=lambda: self.now,
            sleep=self.sleep,
            say=self.said.append,
        )


SEQUENCES = {
    "at rest from the start": ([DONE], 3),
    "done after a while": ([BEHIND, BEHIND, DONE], 5),
    "moved between two looks": ([DONE, DONE, MOVED], 5),
    "behind again between two looks": ([DONE, DONE, BEHIND, DONE], 6),
}


@pytest.mark.parametrize("name", SEQUENCES)
def test_three_looks_in_a_row_must_agree(name: str) -> None:
    shown, looks = SEQUENCES[name]
    machine = Machine(shown)
    assert machine.wait() == shown[-1]
    assert machine.looks == looks


NOT_DONE = {
    "orders behind": (BEHIND, "orders: ecommerce-orders/0 applied 9 of 10"),
    "a transaction is open": (
        replace(BEHIND, partitions=(PartitionOffsets(TOPIC, "id-1", 0, 0, 9, 10),)),
        "orders: ecommerce-orders/0 applied 9 of 10 (a transaction is open)",
    ),
    "behind, and a transaction is open": (
        replace(BEHIND, partitions=(PartitionOffsets(TOPIC, "id-1", 0, 0, 10, 11),)),
        "ingest: ecommerce-orders/0 applied 10 of 11 (a transaction is open); "
        "orders: ecommerce-orders/0 applied 9 of 11",
    ),
    "no progress yet": (replace(DONE, until={}), "ingest: ecommerce-orders/0 applied 0 of 10"),
    "a topic with another id": (
        replace(DONE, partitions=(PartitionOffsets(TOPIC, "id-2", 0, 0, 4, 4),)),
        "orders: ecommerce-orders/0 applied 0 of 4",
    ),
    "alerts unsent": (replace(DONE, unsent=2), "alerts: 2 not sent to Kafka yet"),
    "gold behind": (
        replace(DONE, unpublished={"gold.order_metrics": 7}),
        "gold.order_metrics: 7 not published yet",
    ),
}


@pytest.mark.parametrize("name", NOT_DONE)
def test_what_is_not_done_is_said_and_ends_at_the_deadline_with_every_counter(name: str) -> None:
    counters, words = NOT_DONE[name]
    machine = Machine([counters])
    with pytest.raises(NotReady) as error:
        machine.wait(deadline=20)
    assert words in str(error.value.what)
    assert "orders journal 3" in str(error.value.what)
    assert words in machine.said[0]
    assert error.value.exit_code == 3


def test_counters_that_never_rest_end_at_the_deadline() -> None:
    machine = Machine([replace(DONE, journal={"orders": n}) for n in range(100)])
    with pytest.raises(NotReady, match="the counters keep changing"):
        machine.wait(deadline=20)


def test_an_application_that_stays_down_ends_the_wait_with_its_reason() -> None:
    machine = Machine([replace(BEHIND, states=DOWN)])
    with pytest.raises(NotReady, match="orders is failed: topic created again"):
        machine.wait()
    assert machine.now == DOWN_SECONDS


def test_an_application_that_comes_back_does_not() -> None:
    down, looks = replace(BEHIND, states=DOWN), int(DOWN_SECONDS)
    machine = Machine([*[down] * (looks - 1), BEHIND, *[down] * (looks - 1), DONE])
    assert machine.wait() == DONE


def test_an_application_that_is_down_after_everything_is_applied_is_no_matter() -> None:
    assert Machine([replace(DONE, states=DOWN)]).wait().states == DOWN
