"""Ids as 16 bytes each, and the hashes that stand for them in memory."""

from __future__ import annotations

import binascii
from typing import TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

# One row of 16 bytes per id.
Ids: TypeAlias = NDArray[np.uint8]
Hashes: TypeAlias = NDArray[np.uint64]

ID_BYTES = 16
_TEXT_BYTES = 36
# Where a UUID as text has its digits.
_DIGITS = np.array([place for place in range(_TEXT_BYTES) if place not in (8, 13, 18, 23)])
_ODD = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F], np.uint64)
_MIX = np.uint64(0xFF51AFD7ED558CCD)
_HALF = np.uint64(32)


def packed(event_ids: pa.ChunkedArray) -> Ids:
    """The ids, which are UUIDs in lower case with hyphens."""
    texts = event_ids.combine_chunks().cast(pa.large_string())
    count = len(texts)
    if not count:
        return np.empty((0, ID_BYTES), np.uint8)
    _, offsets, data = texts.buffers()
    ends = np.frombuffer(offsets, np.int64)[texts.offset : texts.offset + count + 1]
    if ends[-1] - ends[0] != count * _TEXT_BYTES:
        raise ValueError("an event id is not a UUID")
    signs = np.frombuffer(data, np.uint8, count * _TEXT_BYTES, ends[0])
    digits = signs.reshape(count, _TEXT_BYTES)[:, _DIGITS]
    return unpacked(binascii.unhexlify(digits.tobytes()))


def unpacked(block: bytes) -> Ids:
    """The ids of a block."""
    return np.frombuffer(block, np.uint8).reshape(-1, ID_BYTES)


def hashes_of(ids: Ids) -> Hashes:
    """A number of 64 bits per id, as good as random. Two ids may share one."""
    halves = np.ascontiguousarray(ids).view("<u8") * _ODD
    hashes: Hashes = halves[:, 0] ^ (halves[:, 1] >> _HALF) ^ (halves[:, 1] << _HALF)
    for _ in range(2):
        hashes = (hashes ^ (hashes >> _HALF)) * _MIX
    return hashes ^ (hashes >> _HALF)


def held_in(block: bytes, ids: Ids) -> NDArray[np.bool_]:
    """Which of the ids the block holds."""
    stored = unpacked(block)
    near = stored[np.isin(hashes_of(stored), hashes_of(ids))]
    found = set(_values(near))
    return np.array([each in found for each in _values(ids)], bool)


def _values(ids: Ids) -> list[bytes]:
    values: list[bytes] = np.ascontiguousarray(ids).view(f"V{ID_BYTES}").ravel().tolist()
    return values
