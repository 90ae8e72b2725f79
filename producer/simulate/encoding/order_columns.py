"""The keys and values of simulated orders, made of columns of pieces."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import repeat

import numpy as np

from contracts.avro.fragments import (
    NO_MORE_LINES,
    NULL,
    ORDER_KINDS,
    PRESENT,
    long,
    text,
)
from contracts.money import PRICES_PER_MINOR
from producer.simulate.encoding.avro_columns import hexadecimal, longs, pieces, rows, scattered
from producer.simulate.encoding.chosen_rows import ChosenRows, TopicColumns
from producer.simulate.shop.columns import MOST_LINES, Longs, Orders
from producer.simulate.shop.countries import CURRENCIES, CURRENCY_BY_COUNTRY, LOCATIONS
from producer.simulate.shop.people import TOKEN_BYTES
from producer.simulate.shop.visits import PAYMENT_METHODS

# What precedes the token of somebody in a field that may be null.
_SOMEBODY = PRESENT + long(TOKEN_BYTES)
_ID_BEFORE = b"o-"
_ID_CHARACTERS = len(_ID_BEFORE) + 16
_ID_LENGTH = long(_ID_CHARACTERS)
_KINDS = pieces((ORDER_KINDS["placed"], ORDER_KINDS["cancelled"]))
_LINE_COUNTS = pieces(long(count) for count in range(MOST_LINES + 1))
# By currency, location and payment method.
_PAID_IN = pieces(
    text(currency) + text(location) + text(method)
    for currency in CURRENCIES
    for location in LOCATIONS
    for method in PAYMENT_METHODS
).reshape(len(CURRENCIES), len(LOCATIONS), len(PAYMENT_METHODS))


@dataclass
class OrderColumns(TopicColumns):
    """Encodes the orders of one producer's run."""

    def __post_init__(self) -> None:
        self._products = pieces(
            text(one.product_id) + text(one.name) + text(one.category)
            for one in self.catalogue.products
        )

    def ids(self, visits: Longs) -> list[bytes]:
        """Order ids by visit, so that a cancellation has the id of the order that it takes back."""
        return [_ID_BEFORE + one for one in rows(hexadecimal(scattered(visits, self.salt)))]

    def encode(self, chosen: ChosenRows) -> tuple[list[bytes], list[bytes]]:
        """Keys and values. The vault must be told of new people before they are sent."""
        orders = chosen.batch.orders.take(chosen.row)
        self.people.meet(orders.shopper)
        customers = rows(self.people.tokens.take(orders.shopper, axis=0))
        ids, accounts = self.ids(orders.visit), orders.created.tolist()
        currency = CURRENCY_BY_COUNTRY[orders.country]
        columns = zip(
            *self.envelopes.columns(chosen, orders.country),
            repeat(_ID_LENGTH, len(ids)),
            ids,
            _KINDS[orders.cancelled.astype(np.int8)].tolist(),
            # An order without an account has no customer either.
            [
                _SOMEBODY + token if created else NULL
                for token, created in zip(customers, accounts, strict=True)
            ],
            *self._lines(orders, chosen.batch.line_prices[chosen.row]),
            longs(chosen.batch.totals[chosen.row]),
            _PAID_IN[currency, orders.location, orders.payment].tolist(),
            [_SOMEBODY + token for token in self.people.devices(orders.device)],
            [PRESENT + long(created) if created else NULL for created in accounts],
            strict=True,
        )
        keys = [
            token if created else order_id
            for token, created, order_id in zip(customers, accounts, ids, strict=True)
        ]
        return keys, list(map(b"".join, columns))

    def _lines(self, orders: Orders, prices: Longs) -> list[list[bytes]]:
        """The lines of each order, in columns of pieces."""
        there = orders.lines >= 0
        lines = zip(
            self._products[orders.lines[there]].tolist(),
            longs(orders.quantities[there].astype(np.int64)),
            longs(prices[there] * PRICES_PER_MINOR),
            strict=True,
        )
        lines_by_index = np.full(there.shape, b"", object)
        lines_by_index[there] = list(map(b"".join, lines))
        return [
            _LINE_COUNTS[there.sum(axis=1)].tolist(),
            *lines_by_index.T.tolist(),
            [NO_MORE_LINES] * len(there),
        ]
