"""Avro pieces of whole columns: the bytes of `contracts.avro.fragments`, made without a loop."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha1
from uuid import UUID, uuid5

import numpy as np
from numpy.typing import NDArray

from contracts.events import SIMULATED_NAMESPACE
from producer.simulate.shop.columns import Longs

# Each byte as its two hexadecimal digits.
_HEX = np.frombuffer("".join(f"{n:02x}" for n in range(256)).encode(), np.uint16)
# Where the groups of a UUID's 32 digits begin and end; a hyphen separates groups.
_UUID_GROUPS = ((0, 8), (8, 12), (12, 16), (16, 20), (20, 32))
# The last three digits of a number, and numbers of at most three digits.
_LAST_DIGITS = [b"%03d" % n for n in range(1000)]
_SHORT_DIGITS = [b"%d" % n for n in range(1000)]
# Times from 2^48 to 2^55 microseconds (years 1978 to 3111) take eight bytes.
TIME_BYTES = 8


def varints(values: Longs, width: int) -> NDArray[np.uint8]:
    """Numbers as Avro longs, one row each, filled with zeros up to `width` bytes."""
    rest = _zigzag(values)[:, np.newaxis] >> (np.arange(width, dtype=np.uint64) * np.uint64(7))
    more = rest >= 0x80
    written: NDArray[np.uint8] = np.where(more, rest & 0x7F | 0x80, rest).astype(np.uint8)
    return written


def _zigzag(values: Longs) -> NDArray[np.uint64]:
    zigzag: NDArray[np.uint64] = ((values << 1) ^ (values >> 63)).astype(np.uint64)
    return zigzag


def longs(values: Longs) -> list[bytes]:
    """Numbers as Avro longs."""
    # Only the long of 0 ends in a zero byte, so cutting zeros off removes just the filling.
    width = max(1, -(-int(_zigzag(values).max(initial=0)).bit_length() // 7))
    return [one or b"\x00" for one in rows(varints(values, width))]


def rows(matrix: NDArray[np.uint8]) -> list[bytes]:
    """The rows as bytes, without the zeros at their ends."""
    lines: list[bytes] = np.ascontiguousarray(matrix).view(f"S{matrix.shape[1]}").ravel().tolist()
    return lines


def pieces(encoded: Iterable[bytes]) -> NDArray[np.object_]:
    """Pieces as an array, to look up whole columns of them."""
    return np.array(list(encoded), object)


def hexadecimal(numbers: NDArray[np.uint64]) -> NDArray[np.uint8]:
    """64-bit numbers as 16 hexadecimal digits, one row each."""
    return _HEX.take(numbers.astype(">u8").view(np.uint8)).view(np.uint8).reshape(len(numbers), 16)


class EventIds:
    """`contracts.events.simulated_event_id` for many sequences of one run and producer at once."""

    def __init__(self, run: str, producer: str) -> None:
        self._before = sha1(
            SIMULATED_NAMESPACE.bytes + f"{run}/{producer}/".encode(), usedforsecurity=False
        )

    def texts_of(self, first: int, count: int) -> NDArray[np.uint8]:
        """The 36 characters of each id, one row per id."""
        digests: list[bytes] = []
        for thousand in range(first // 1000, (first + count - 1) // 1000 + 1):
            # The text that a thousand sequences share is hashed once.
            common = self._before.copy()
            common.update(b"%d" % thousand if thousand else b"")
            endings = _LAST_DIGITS if thousand else _SHORT_DIGITS
            copied, number = common.copy, thousand * 1000
            for ending in endings[max(0, first - number) : first + count - number]:
                hashed = copied()
                hashed.update(ending)
                digests.append(hashed.digest())
        digest = np.frombuffer(b"".join(digests), np.uint8).reshape(count, 20)[:, :16].copy()
        # RFC 9562: version 5, variant 0b10.
        digest[:, 6] = digest[:, 6] & 0x0F | 0x50
        digest[:, 8] = digest[:, 8] & 0x3F | 0x80
        ids = np.full((count, 36), ord("-"), np.uint8)
        digits = _HEX.take(digest).view(np.uint8)
        for hyphens, (start, end) in enumerate(_UUID_GROUPS):
            ids[:, start + hyphens : end + hyphens] = digits[:, start:end]
        return ids


def scattered(numbers: Longs, salt: int) -> NDArray[np.uint64]:
    """Numbers that look random; different `numbers` stay different (finalizer of splitmix64)."""
    mixed = numbers.astype(np.uint64) + np.uint64(salt)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    return mixed ^ (mixed >> np.uint64(31))


def salt_of(run: str, producer: str) -> int:
    """Makes the session and order numbers of a run differ from those of other runs."""
    return uuid5(UUID(int=0), f"{run}/{producer}").int & (1 << 64) - 1
