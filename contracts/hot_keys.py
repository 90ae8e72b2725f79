"""Keys of Valkey: how each is named, what it holds, and until when.

Everything here is a projection: absolute values of rows that are in Postgres, made again at any
time. A key's hash tag decides its shard, so all of one user or product is together.
"""

from __future__ import annotations

import binascii
from datetime import datetime, timedelta

SLOTS = 16_384
# user:{id}:viewed, a sorted set: product -> event time (µs) of its last view.
VIEWED_NEWEST = 50
VIEWED_LASTS = timedelta(hours=24)
# product:{id}:<yyyymmdd>, a hash: views, carts, purchases, revenue:<currency> (minor units).
PRODUCT_DAY_LASTS = timedelta(days=8)
# trending:{category}:<yyyymmddhh>, a sorted set: product -> views + 3·carts + 10·purchases.
TRENDING_LASTS = timedelta(hours=49)


def viewed(user_id: str) -> str:
    """What a user looked at last."""
    return f"user:{{{user_id}}}:viewed"


def product_day(product_id: str, day: datetime) -> str:
    """What happened to a product on a day, UTC."""
    return f"product:{{{product_id}}}:{day:%Y%m%d}"


def trending(category: str, hour: datetime) -> str:
    """What is wanted most of a category in an hour, UTC."""
    return f"trending:{{{category}}}:{hour:%Y%m%d%H}"


def slot_of(key: bytes) -> int:
    """The slot of a key: CRC16 (XMODEM) of its hash tag, or of all of it where the tag is missing
    or empty (the cluster specification of Redis)."""
    start = key.find(b"{")
    if start >= 0:
        end = key.find(b"}", start + 1)
        if end > start + 1:
            key = key[start + 1 : end]
    return binascii.crc_hqx(key, 0) % SLOTS
