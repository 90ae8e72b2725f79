"""Keys of the hot store: how each kind is named, what it holds, and how long it lasts.

Everything there is a projection: absolute values of rows that are in Postgres, which can be made
again at any time. A key's hash tag decides its shard, so all keys of one user or product are
together. Which answers have keys is declared in `contracts.tables.questions`.
"""

from __future__ import annotations

import binascii
import re
import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

SLOTS = 16_384
# The table `published` holds how far each projection of the answers has come. This is the name of
# the hot store's row; all other names there are tables of the lake.
HOT_STORE_MARK = "valkey"


@dataclass(frozen=True)
class HotKeys:
    """One kind of key, made from rows of an answer's table.

    `template` is a format string over columns of the table; the rows that agree in these columns
    share a key. A key goes `lasts` after the latest `moment` of its rows.
    """

    template: str
    moment: str
    lasts: timedelta

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that a key's name is made of."""
        return tuple(name for _, name, _, _ in string.Formatter().parse(self.template) if name)

    @property
    def named(self) -> tuple[str, ...]:
        """Every column that the kind names."""
        return (*self.columns, self.moment)

    def key(self, *values: object) -> str:
        """The key of the rows with these values of `columns`."""
        return self.template.format(**dict(zip(self.columns, values, strict=True)))

    @property
    def pattern(self) -> re.Pattern[str]:
        """Matches a whole key of this kind; each column is a named group of text."""
        parts = []
        for literal, name, spec, _ in string.Formatter().parse(self.template):
            parts.append(re.escape(literal))
            if name:
                parts.append(f"(?P<{name}>{r'[0-9]+' if spec else '.*'})")
        return re.compile("".join(parts), re.DOTALL)


@dataclass(frozen=True)
class HotSet(HotKeys):
    """A sorted set per key: the column `member` with the column `score` (a time in µs).

    With `newest`, a key holds the members with at most that many greatest scores, ties by member,
    and only those whose `moment` is less than `lasts` before the latest.
    """

    member: str
    score: str
    newest: int | None = None

    @property
    def named(self) -> tuple[str, ...]:
        return (*super().named, self.member, self.score)


@dataclass(frozen=True)
class HotHash(HotKeys):
    """A hash per key: each of `sums` is added up over the key's rows. Each entry `field: column` of
    `money` is a field `field:<value of column>` for each row, in minor units."""

    sums: tuple[str, ...]
    money: Mapping[str, str] = field(default_factory=dict)

    @property
    def named(self) -> tuple[str, ...]:
        return (*super().named, *self.sums, *self.money, *self.money.values())


def slot_of(key: bytes) -> int:
    """The slot of a key: CRC16 (XMODEM) of its hash tag, or of all of it where the tag is missing
    or empty (the cluster specification of Redis)."""
    start = key.find(b"{")
    if start >= 0:
        end = key.find(b"}", start + 1)
        if end > start + 1:
            key = key[start + 1 : end]
    return binascii.crc_hqx(key, 0) % SLOTS
