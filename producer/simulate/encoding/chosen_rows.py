"""Rows of one topic's columns about to be encoded, and the fields that every event begins with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from contracts.avro.fragments import long, text
from producer.simulate.encoding.avro_columns import TIME_BYTES, longs, pieces, rows, varints
from producer.simulate.shop.catalogue import Catalogue
from producer.simulate.shop.columns import Bytes, Longs
from producer.simulate.shop.countries import COUNTRIES
from producer.simulate.shop.people import People
from producer.simulate.shop.timeline import EventBatch

_ID_CHARACTERS = 36
_ID_LENGTH = long(_ID_CHARACTERS)
_REGIONS = [text(country.region) for country in COUNTRIES]


@dataclass(frozen=True)
class ChosenRows:
    """Rows to encode: `row` has their indices in the topic's columns. Each row of `ids` has the 36
    characters of an event's id. Times are in microseconds UTC."""

    batch: EventBatch
    row: Longs
    time: Longs
    sequence: Longs
    ids: NDArray[np.uint8]
    sent_at: int


class Envelopes:
    """Encodes the fields that every event of one producer's run has; `header` precedes them."""

    def __init__(self, header: bytes, run: str, producer: str) -> None:
        self._before = np.frombuffer(header + _ID_LENGTH, np.uint8)
        self._source = text(run) + text(producer)

    def columns(self, chosen: ChosenRows, country: Bytes) -> tuple[list[bytes], ...]:
        """The beginning of each event, in columns of pieces."""
        start, end = len(self._before), len(self._before) + _ID_CHARACTERS
        head = np.empty((len(chosen.row), end + TIME_BYTES), np.uint8)
        head[:, :start] = self._before
        head[:, start:end] = chosen.ids
        head[:, end:] = varints(chosen.time, TIME_BYTES)
        sent_at = long(chosen.sent_at)
        regions = pieces(sent_at + region + self._source for region in _REGIONS)
        return rows(head), regions[country].tolist(), longs(chosen.sequence)


@dataclass
class TopicColumns:
    """The base of what encodes one topic's events; their session and order ids depend on `salt`."""

    envelopes: Envelopes
    salt: int
    catalogue: Catalogue
    people: People
