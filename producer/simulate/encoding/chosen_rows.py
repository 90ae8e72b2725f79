"""Rows of one topic's columns about to be encoded, and what every event of them begins with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from contracts.avro.fragments import long, text
from producer.simulate.encoding.avro_columns import TIME_BYTES, longs, pieces, rows, varints
from producer.simulate.shop.columns import Bytes, Longs
from producer.simulate.shop.countries import COUNTRIES
from producer.simulate.shop.timeline import EventBatch

_ID_CHARACTERS = 36
_ID_LENGTH = long(_ID_CHARACTERS)
_REGIONS = [text(country.region) for country in COUNTRIES]


@dataclass(frozen=True)
class ChosenRows:
    """`row` are places in the topic's columns; `ids` has the 36 characters of each event's id a
    row; times in microseconds UTC."""

    batch: EventBatch
    row: Longs
    time: Longs
    sequence: Longs
    ids: NDArray[np.uint8]
    sent_at: int


class Envelopes:
    """The fields that every event has, from one producer's run; `header` is before them."""

    def __init__(self, header: bytes, run: str, producer: str) -> None:
        self._before = np.frombuffer(header + _ID_LENGTH, np.uint8)
        self._source = text(run) + text(producer)

    def columns(self, of: ChosenRows, country: Bytes) -> tuple[list[bytes], ...]:
        """What each event begins with, in pieces: a column each."""
        start, end = len(self._before), len(self._before) + _ID_CHARACTERS
        head = np.empty((len(of.row), end + TIME_BYTES), np.uint8)
        head[:, :start] = self._before
        head[:, start:end] = of.ids
        head[:, end:] = varints(of.time, TIME_BYTES)
        sent_at = long(of.sent_at)
        places = pieces(sent_at + region + self._source for region in _REGIONS)
        return rows(head), places[country].tolist(), longs(of.sequence)
