"""A small shop, its events sent into a list, and what they decode to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from contracts.codec import decode
from contracts.events import Click, Event, Order, Promotion
from contracts.registry.opening import open_registry
from contracts.rejections import Rejection
from contracts.topics import Topic
from producer.ledger import NoLedger
from producer.outlets import Deliveries, Destination
from producer.simulate.encoding.values import EventValues
from producer.simulate.labels import Labels
from producer.simulate.sender import Sender
from producer.simulate.shop.oddities import Shares
from producer.simulate.shop.people import People
from producer.simulate.shop.timeline import EventBatch, Shop, Timeline
from producer.subjects import Subject

# 2026-03-02T18:00:00Z, a Monday evening.
START = 1_772_474_400_000_000
REGISTRY = open_registry("bundled")
SHOP = Shop(
    seed=7,
    worker=0,
    start=START,
    span=3_600_000_000,
    events_per_second=200.0,
    shoppers=20_000,
    shares=Shares(),
)
RUN = "test-run"


class FixedVault:
    """A vault whose secret never changes; it lists the subjects that it was told."""

    def __init__(self) -> None:
        self.subjects: list[Subject] = []

    def secret(self) -> bytes:
        return bytes(range(32))

    def remember(self, subjects: list[Subject]) -> None:  # type: ignore[override] - it is given lists alone
        self.subjects += subjects

    def close(self) -> None: ...


@dataclass
class Listed:
    """An outlet that keeps what it gets and acknowledges it at `append_time`."""

    append_time: int
    sent: list[tuple[Topic, bytes, bytes]] = field(default_factory=list)
    waiting: list[int] = field(default_factory=list)

    def destination(self) -> Destination:
        return Destination("list")

    def send(
        self,
        topic: Topic,
        keys: Sequence[bytes],
        values: Sequence[bytes],
        sequences: Sequence[int],
    ) -> None:
        self.sent += [(topic, key, value) for key, value in zip(keys, values, strict=True)]
        self.waiting += sequences

    def deliveries(self) -> Deliveries:
        taken, self.waiting = self.waiting, []
        count, end = len(taken), len(self.sent)
        offsets = range(end - count, end)
        return Deliveries(taken, [0] * count, offsets, [self.append_time] * count)

    def flush(self, timeout: float) -> int:
        return 0

    def close(self) -> None: ...


@dataclass
class Sent:
    """What a shop sent: values in order, the sender with its counts, and the vault."""

    outlet: Listed
    sender: Sender
    vault: FixedVault
    timeline: Timeline

    @cached_property
    def outcomes(self) -> tuple[Event | Rejection, ...]:
        """What each value decodes to."""
        at = self.outlet.append_time
        return tuple(decode(topic, value, at, REGISTRY) for topic, _, value in self.outlet.sent)

    def events(self) -> list[Event]:
        return [one for one in self.outcomes if not isinstance(one, Rejection)]

    def clicks(self) -> list[Click]:
        return [one for one in self.events() if isinstance(one, Click)]

    def orders(self) -> list[Order]:
        return [one for one in self.events() if isinstance(one, Order)]

    def promotions(self) -> list[Promotion]:
        return [one for one in self.events() if isinstance(one, Promotion)]


def batches(shop: Shop, count: int) -> list[EventBatch]:
    """The first batches of a shop."""
    made = Timeline(shop).batches()
    return [next(made) for _ in range(count)]


def send(
    shop: Shop = SHOP,
    *,
    events: int = 20_000,
    block: int = 1_000,
    labels: Path | None = None,
    run: str = RUN,
    now: int | None = None,
) -> Sent:
    """Send the first events of a shop, in blocks; `now` is when they leave and are appended, and
    one hour after the shop's start unless given."""
    moment = START + 3_600_000_000 if now is None else now
    timeline, vault, outlet = Timeline(shop), FixedVault(), Listed(moment)
    people = People(vault, "people", timeline.shoppers.guest)
    sender = Sender(
        outlet=outlet,
        ledger=NoLedger(),
        labels=Labels(labels),
        people=people,
        values=EventValues(
            REGISTRY, run=run, producer="simulate", catalogue=timeline.catalogue, people=people
        ),
        registry=REGISTRY,
        sent_at=lambda _: moment,
    )
    for batch in timeline.batches():
        for at in range(0, len(batch.due), block):
            left = events - sender.progress.events
            if left <= 0:
                sender.send_copies(None)
                sender.labels.close()
                return Sent(outlet, sender, vault, timeline)
            sender.send(batch, slice(at, min(at + block, at + left, len(batch.due))))
            sender.take_deliveries()
    raise AssertionError("a timeline never ends")


def with_shares(**shares: float) -> Shop:
    return replace(SHOP, shares=Shares(**shares))
