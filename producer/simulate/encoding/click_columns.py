"""The keys and values of simulated clicks, made of columns of pieces."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from contracts.avro.fragments import CLICK_TYPES, PRESENT, long, optional_text, text
from producer.simulate.encoding.avro_columns import hexadecimal, pieces, rows, scattered
from producer.simulate.encoding.chosen_rows import ChosenRows, TopicColumns
from producer.simulate.shop.countries import CURRENCIES, CURRENCY_BY_COUNTRY
from producer.simulate.shop.people import TOKEN_BYTES

_TOKEN_LENGTH = long(TOKEN_BYTES)
# A session id has 16 characters.
_SESSION_BEFORE = np.frombuffer(PRESENT + long(16), np.uint8)


@dataclass
class ClickColumns(TopicColumns):
    """Encodes the clicks of one producer's run."""

    def __post_init__(self) -> None:
        self._types = np.frombuffer(
            b"".join(kind + _TOKEN_LENGTH for kind in CLICK_TYPES.values()), np.uint8
        ).reshape(len(CLICK_TYPES), 2)
        self._products = pieces(
            text(one.product_id) + text(one.category) + optional_text(one.brand or None)
            for one in self.catalogue.products
        )
        # Every price that a click can have, by price and currency.
        currencies = [text(currency) for currency in CURRENCIES]
        self._prices = pieces(
            long(price) + currency
            for price in range(int(self.catalogue.prices.max()) + 1)
            for currency in currencies
        )

    def encode(self, chosen: ChosenRows) -> tuple[list[bytes], list[bytes]]:
        """Keys and values. The vault must be told of new people before they are sent."""
        clicks = chosen.batch.clicks.take(chosen.row)
        self.people.meet(clicks.shopper)
        tokens = self.people.tokens.take(clicks.shopper, axis=0)
        who = np.empty((len(chosen.row), 2 + 30 + 18), np.uint8)
        who[:, :2] = self._types[clicks.kind]
        who[:, 2:32] = tokens
        who[:, 32:34] = _SESSION_BEFORE
        who[:, 34:] = hexadecimal(scattered(clicks.visit, self.salt))
        price = (
            chosen.batch.click_prices[chosen.row] * len(CURRENCIES)
            + CURRENCY_BY_COUNTRY[clicks.country]
        )
        columns = zip(
            *self.envelopes.columns(chosen, clicks.country),
            rows(who),
            self._products.take(clicks.product).tolist(),
            self._prices.take(price).tolist(),
            strict=True,
        )
        return rows(tokens), list(map(b"".join, columns))
