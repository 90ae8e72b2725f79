"""The keys and values of simulated events, a column of pieces at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from contracts.codec import encode
from contracts.events import Promotion, Source, key_of
from contracts.fragments import (
    CLICK_SCHEMA,
    CLICK_TYPES,
    OrderValues,
    envelope,
    long,
    optional_text,
    text,
)
from contracts.money import decimal_of_minor
from contracts.registry import Registry
from contracts.topics import CLICKS, ORDERS, PROMOTIONS
from producer.simulate.avro_columns import (
    TIME_BYTES,
    EventIds,
    hexadecimal,
    longs,
    rows,
    salt_of,
    scattered,
    varints,
)
from producer.simulate.catalogue import Catalogue
from producer.simulate.columns import Longs, Orders
from producer.simulate.countries import COUNTRIES, CURRENCIES, LOCATIONS
from producer.simulate.people import TOKEN_BYTES, People
from producer.simulate.timeline import CLICK, ORDER, PROMOTION, Batch
from producer.simulate.visits import PAYMENT_METHODS

# A session id has 16 characters.
_TOKEN_LENGTH = long(TOKEN_BYTES)
_SESSION_BEFORE = np.frombuffer(b"\x02" + long(16), np.uint8)
_ID_LENGTH = long(36)
_CURRENCY_OF = [CURRENCIES.index(country.currency) for country in COUNTRIES]
_CURRENCY_COLUMN = np.array(_CURRENCY_OF)
_PRICES_PER_MINOR = 100


@dataclass(frozen=True)
class Encoded:
    """Events of one topic in sending order. `place` is each one's place in the slice that was
    encoded; `time` its event time, `row` its row in the topic's columns."""

    topic: int
    place: Longs
    row: Longs
    time: Longs
    keys: list[bytes]
    values: list[bytes]


@dataclass(frozen=True)
class _Rows:
    """Rows of one topic's columns about to be encoded, with what is told of each."""

    batch: Batch
    row: Longs
    time: Longs
    sequence: Longs
    ids: NDArray[np.uint8]
    sent_at: int


class Values:
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
        self._people = people
        self._products = catalogue.products
        self._ids = EventIds(run, producer)
        self._salt = salt_of(run, producer)
        self._source = text(run) + text(producer)
        clicks = envelope(registry.latest(CLICKS.schema), CLICK_SCHEMA) + _ID_LENGTH
        self._click_before = np.frombuffer(clicks, np.uint8)
        self._click_types = np.frombuffer(
            b"".join(kind + _TOKEN_LENGTH for kind in CLICK_TYPES.values()), np.uint8
        ).reshape(len(CLICK_TYPES), 2)
        self._click_products = [
            text(one.product_id) + text(one.category) + optional_text(one.brand or None)
            for one in self._products
        ]
        # The price of every click there can be, by price and currency.
        self._prices = [
            long(price) + text(currency)
            for price in range(int(catalogue.prices.max()) + 1)
            for currency in CURRENCIES
        ]
        self._orders = {
            (currency, payment): OrderValues(
                registry.latest(ORDERS.schema),
                run=run,
                producer=producer,
                currency=name,
                payment_method=method,
            )
            for currency, name in enumerate(CURRENCIES)
            for payment, method in enumerate(PAYMENT_METHODS)
        }
        self._lines = [
            text(one.product_id) + text(one.name) + text(one.category) for one in self._products
        ]
        self._regions = [text(country.region) for country in COUNTRIES]
        self._locations = [text(location) for location in LOCATIONS]
        self._promotion_schema = registry.latest(PROMOTIONS.schema)

    def ids(self, first: int, count: int) -> NDArray[np.uint8]:
        """Event ids of so many sequences, 36 characters a row."""
        return self._ids.of(first, count)

    def encode(
        self, batch: Batch, part: slice, *, first: int, ids: NDArray[np.uint8], sent_at: int
    ) -> list[Encoded]:
        """The events of a part of the batch, of which the first has the sequence `first`."""
        topic, row = batch.topic[part], batch.row[part]
        ahead = batch.marks.ahead_by[part]
        encoded = []
        made = ((CLICK, self._clicks), (ORDER, self._order_values), (PROMOTION, self._promotions))
        for number, make in made:
            place = np.flatnonzero(topic == number)
            if len(place):
                chosen = row[place].astype(np.int64)
                time = _times(batch, number, chosen) - batch.marks.late_by[part][place]
                time = np.where(ahead[place] > 0, sent_at + ahead[place], time)
                keys, values = make(_Rows(batch, chosen, time, first + place, ids[place], sent_at))
                encoded.append(Encoded(number, place, chosen, time, keys, values))
        return encoded

    def order_ids(self, visits: Longs) -> list[str]:
        """Order ids by visit: a cancellation names the order that it takes back."""
        return [f"o-{one.decode()}" for one in rows(hexadecimal(scattered(visits, self._salt)))]

    def describe(self, batch: Batch, row: int) -> str:
        """An order for a person: number, amount and place."""
        orders = batch.orders
        (order_id,) = self.order_ids(orders.visit[row : row + 1])
        currency = CURRENCIES[_CURRENCY_OF[orders.country[row]]]
        amount = decimal_of_minor(int(batch.totals[row]))
        return f"{order_id} {amount:,} {currency}, {LOCATIONS[orders.location[row]]}"

    def _clicks(self, of: _Rows) -> tuple[list[bytes], list[bytes]]:
        clicks = of.batch.clicks.take(of.row)
        self._people.meet(clicks.shopper)
        count = len(of.row)
        head = np.empty((count, len(self._click_before) + 36 + TIME_BYTES), np.uint8)
        head[:, : -36 - TIME_BYTES] = self._click_before
        head[:, -36 - TIME_BYTES : -TIME_BYTES] = of.ids
        head[:, -TIME_BYTES:] = varints(of.time, TIME_BYTES)
        tokens = self._people.tokens[clicks.shopper]
        who = np.empty((count, 2 + 30 + 18), np.uint8)
        who[:, :2] = self._click_types[clicks.kind]
        who[:, 2:32] = tokens
        who[:, 32:34] = _SESSION_BEFORE
        who[:, 34:] = hexadecimal(scattered(clicks.visit, self._salt))
        places = [long(of.sent_at) + region + self._source for region in self._regions]
        price = of.batch.click_prices[of.row] * len(CURRENCIES) + _CURRENCY_COLUMN[clicks.country]
        pieces = zip(
            rows(head),
            map(places.__getitem__, clicks.country.tolist()),
            longs(of.sequence),
            rows(who),
            map(self._click_products.__getitem__, clicks.product.tolist()),
            map(self._prices.__getitem__, price.tolist()),
            strict=True,
        )
        return rows(tokens), list(map(b"".join, pieces))

    def _order_values(self, of: _Rows) -> tuple[list[bytes], list[bytes]]:
        orders = of.batch.orders.take(of.row)
        self._people.meet(orders.shopper)
        order_ids = self.order_ids(orders.visit)
        # An order without an account has no customer either.
        customers = [
            token.decode() if created else None
            for token, created in zip(
                rows(self._people.tokens[orders.shopper]), orders.created.tolist(), strict=True
            )
        ]
        columns = zip(
            map(bytes.decode, rows(of.ids)),
            order_ids,
            customers,
            self._people.devices(orders.device),
            self._line_values(orders, of.batch.line_prices[of.row]),
            _numbers(orders, of),
            strict=True,
        )
        values = []
        for event_id, order_id, customer, device, lines, numbers in columns:
            time, sequence, country, location, payment, created, cancelled, total = numbers
            values.append(
                self._orders[_CURRENCY_OF[country], payment].value(
                    event_id=event_id,
                    event_time=time,
                    sent_at=of.sent_at,
                    region=self._regions[country],
                    sequence=sequence,
                    order_id=order_id,
                    kind="cancelled" if cancelled else "placed",
                    customer_id=customer,
                    line_count=len(lines),
                    lines=b"".join(lines),
                    total=total,
                    location=self._locations[location],
                    device_id=device,
                    account_created_at=created or None,
                )
            )
        keys = [
            (customer or order_id).encode()
            for customer, order_id in zip(customers, order_ids, strict=True)
        ]
        return keys, values

    def _line_values(self, orders: Orders, prices: Longs) -> Iterator[list[bytes]]:
        """The encoded lines of each order."""
        of_orders = zip(
            orders.lines.tolist(), orders.quantities.tolist(), prices.tolist(), strict=True
        )
        for products, quantities, line_prices in of_orders:
            yield [
                self._lines[product] + long(quantity) + long(price * _PRICES_PER_MINOR)
                for product, quantity, price in zip(products, quantities, line_prices, strict=True)
                if product >= 0
            ]

    def _promotions(self, of: _Rows) -> tuple[list[bytes], list[bytes]]:
        keys, values = [], []
        for at, event_id in zip(range(len(of.row)), rows(of.ids), strict=True):
            promoted = of.batch.promotions[of.row[at]]
            event = Promotion(
                event_id=event_id.decode(),
                event_time=int(of.time[at]),
                sent_at=of.sent_at,
                region="all",
                source=Source(self._run, self._producer, int(of.sequence[at])),
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


def _numbers(orders: Orders, of: _Rows) -> Iterator[tuple[int, ...]]:
    """Of each order: time, sequence, country, location, payment, account's age, kind and total."""
    return zip(
        of.time.tolist(),
        of.sequence.tolist(),
        orders.country.tolist(),
        orders.location.tolist(),
        orders.payment.tolist(),
        orders.created.tolist(),
        orders.cancelled.tolist(),
        of.batch.totals[of.row].tolist(),
        strict=True,
    )


def _times(batch: Batch, topic: int, row: Longs) -> Longs:
    if topic == CLICK:
        return batch.clicks.time[row]
    if topic == ORDER:
        return batch.orders.time[row]
    return np.array([batch.promotions[at].starts_at for at in row], np.int64)
