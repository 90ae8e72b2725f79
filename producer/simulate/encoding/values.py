"""The keys and values of simulated events, one topic at a time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from contracts.avro.fragments import CLICK_SCHEMA, ORDER_SCHEMA, envelope
from contracts.codec import encode
from contracts.events import Promotion, Source, key_of
from contracts.money import decimal_of_minor
from contracts.registry import Registry
from contracts.topics import CLICKS, ORDERS, PROMOTIONS
from producer.simulate.encoding.avro_columns import EventIds, rows, salt_of
from producer.simulate.encoding.chosen_rows import ChosenRows, Envelopes
from producer.simulate.encoding.click_columns import ClickColumns
from producer.simulate.encoding.order_columns import OrderColumns
from producer.simulate.shop.catalogue import Catalogue
from producer.simulate.shop.columns import Longs
from producer.simulate.shop.countries import CURRENCIES, CURRENCY_BY_COUNTRY, LOCATIONS
from producer.simulate.shop.people import People
from producer.simulate.shop.timeline import CLICK, ORDER, PROMOTION, EventBatch


@dataclass(frozen=True)
class EncodedEvents:
    """Events of one topic in sending order. `index` is each one's index in the slice that was
    encoded; `time` its event time, `row` its row in the topic's columns."""

    topic: int
    index: Longs
    row: Longs
    time: Longs
    keys: list[bytes]
    values: list[bytes]


class EventValues:
    """Encodes slices of batches for one run of one producer."""

    def __init__(
        self,
        registry: Registry,
        *,
        run: str,
        producer: str,
        catalogue: Catalogue,
        people: People,
    ) -> None:
        self._run, self._producer = run, producer
        self._products = catalogue.products
        # Makes the ids of `count` events from the sequence `first` on, 36 characters per row.
        self.ids = EventIds(run, producer).texts_of
        salt = salt_of(run, producer)
        clicks = envelope(registry.latest(CLICKS.schema), CLICK_SCHEMA)
        self._clicks = ClickColumns(Envelopes(clicks, run, producer), salt, catalogue, people)
        orders = envelope(registry.latest(ORDERS.schema), ORDER_SCHEMA)
        self._orders = OrderColumns(Envelopes(orders, run, producer), salt, catalogue, people)
        self._promotion_schema = registry.latest(PROMOTIONS.schema)

    def encode(
        self, batch: EventBatch, part: slice, *, first: int, ids: NDArray[np.uint8], sent_at: int
    ) -> list[EncodedEvents]:
        """The events of a part of the batch; the first one has the sequence `first`."""
        topic, row = batch.topic[part], batch.row[part]
        ahead = batch.marks.ahead_by[part]
        encoded = []
        made = (
            (CLICK, self._clicks.encode),
            (ORDER, self._orders.encode),
            (PROMOTION, self._promotions),
        )
        for number, make in made:
            index = np.flatnonzero(topic == number)
            if len(index):
                chosen = row[index].astype(np.int64)
                time = _times(batch, number, chosen) - batch.marks.late_by[part][index]
                time = np.where(ahead[index] > 0, sent_at + ahead[index], time)
                keys, values = make(
                    ChosenRows(batch, chosen, time, first + index, ids.take(index, axis=0), sent_at)
                )
                encoded.append(EncodedEvents(number, index, chosen, time, keys, values))
        return encoded

    def order_ids(self, visits: Longs) -> list[str]:
        """Order ids by visit, so that a cancellation has the id of the order that it takes back."""
        return [one.decode() for one in self._orders.ids(visits)]

    def describe(self, batch: EventBatch, row: int) -> str:
        """An order in words for a person: number, amount and location."""
        orders = batch.orders
        (order_id,) = self.order_ids(orders.visit[row : row + 1])
        currency = CURRENCIES[CURRENCY_BY_COUNTRY[orders.country[row]]]
        amount = decimal_of_minor(int(batch.totals[row]))
        return f"{order_id} {amount:,} {currency}, {LOCATIONS[orders.location[row]]}"

    def _promotions(self, chosen: ChosenRows) -> tuple[list[bytes], list[bytes]]:
        keys, values = [], []
        for at, event_id in zip(range(len(chosen.row)), rows(chosen.ids), strict=True):
            promoted = chosen.batch.promotions[chosen.row[at]]
            event = Promotion(
                event_id=event_id.decode(),
                event_time=int(chosen.time[at]),
                sent_at=chosen.sent_at,
                region="all",
                source=Source(self._run, self._producer, int(chosen.sequence[at])),
                promotion_id=f"promo-{promoted.number}",
                product_id=self._products[promoted.product].product_id,
                discount_percent=promoted.percent,
                starts_at=promoted.starts_at,
                ends_at=promoted.ends_at,
                channel=promoted.channel,
            )
            keys.append(key_of(event))
            values.append(encode(event, self._promotion_schema))
        return keys, values


def _times(batch: EventBatch, topic: int, row: Longs) -> Longs:
    if topic == CLICK:
        return batch.clicks.time[row]
    if topic == ORDER:
        return batch.orders.time[row]
    return np.array([batch.promotions[at].starts_at for at in row], np.int64)
