"""Rows as one numpy array a field, which is how a million events a second can be made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

Longs: TypeAlias = NDArray[np.int64]
Ints: TypeAlias = NDArray[np.int32]
Bytes: TypeAlias = NDArray[np.int8]
Flags: TypeAlias = NDArray[np.bool_]


class Columns:
    """Base of dataclasses whose fields are arrays of one length."""

    def _arrays(self) -> list[NDArray[Any]]:
        return list(vars(self).values())

    def __len__(self) -> int:
        return len(self._arrays()[0])

    def take(self, rows: Longs | Flags) -> Self:
        """These rows, by number or by mask."""
        numbers = np.flatnonzero(rows) if rows.dtype == np.bool_ else rows
        # Four times as fast as indexing where a row has several places.
        return type(self)(*(array.take(numbers, axis=0) for array in self._arrays()))

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """The rows of all parts, one part after the other."""
        if len(parts) == 1:
            return parts[0]
        return cls(*map(np.concatenate, zip(*(part._arrays() for part in parts), strict=True)))


@dataclass(frozen=True)
class Visits(Columns):
    """Sessions: who, from where, on what device, and whether the basket is bought.

    `number` is unique in a worker; `country` and `location` are places in `COUNTRIES` and
    `LOCATIONS`; `created` is when the account was made, 0 for none; `incident` and `scenario` are
    0 unless the visit is fraud.
    """

    number: Longs
    start: Longs
    shopper: Ints
    country: Bytes
    location: Bytes
    device: Longs
    created: Longs
    buyer: Flags
    incident: Ints
    scenario: Bytes


@dataclass(frozen=True)
class Looks(Columns):
    """Products that visits look at, in order; `visit` is a row of `Visits`, `kind` a `LOOKED`,
    `KEPT` or `DROPPED`."""

    visit: Longs
    kind: Bytes
    product: Ints
    quantity: Ints


@dataclass(frozen=True)
class Clicks(Columns):
    """Click events. `due` is when they are sent, by the clock of `time`; `kind` is the place of
    the event type in the schema's enum."""

    due: Longs
    time: Longs
    kind: Bytes
    product: Ints
    visit: Longs
    shopper: Ints
    country: Bytes


@dataclass(frozen=True)
class Orders(Columns):
    """Order events; `lines` and `quantities` have `MOST_LINES` places a row, -1 for no line."""

    due: Longs
    time: Longs
    visit: Longs
    shopper: Ints
    country: Bytes
    location: Bytes
    device: Longs
    created: Longs
    payment: Bytes
    cancelled: Flags
    lines: Ints
    quantities: Ints
    incident: Ints
    scenario: Bytes


LOOKED, KEPT, DROPPED = 0, 1, 2
MOST_LINES = 4
VIEW, CART, REMOVE, PURCHASE = range(4)
