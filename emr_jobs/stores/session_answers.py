"""Sessions of a batch into Postgres: joined with the stored ones they touch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import groupby
from operator import attrgetter
from typing import Any

import pyarrow as pa

from contracts.tables.questions.sessions import ANSWER
from emr_jobs.state.sessions import Session, joined
from emr_jobs.stores.answers import Pg, stage
from emr_jobs.stores.arrow_copy import copy_into

SESSIONS = ANSWER.table
_FIELDS = Session._fields
_OF_THE_BATCH = tuple(
    column.name
    for column in SESSIONS.written
    if column.name not in ("closed_at", "absorbed", "changed_in")
)
_SCHEMA = pa.schema(
    [
        ("user_id", pa.string()),
        ("currency", pa.string()),
        ("started_at", pa.timestamp("us", "UTC")),
        ("ended_at", pa.timestamp("us", "UTC")),
        ("region", pa.string()),
        *((name, pa.int64()) for name in ("events", "views", "carts", "purchases", "removals")),
        ("revenue", pa.decimal128(18, 2)),
        ("products", pa.list_(pa.string())),
        ("closed_at", pa.timestamp("us", "UTC")),
        ("absorbed", pa.bool_()),
        ("changed_in", pa.int64()),
    ]
)
_owner = attrgetter("user_id", "currency")
_key = attrgetter("user_id", "currency", "started_at")
# What a stored session keeps when it has become part of an earlier one.
_EMPTIED = (
    "absorbed = true, events = 0, views = 0, carts = 0, purchases = 0, removals = 0, "
    "revenue = 0, products = '{}'"
)


def merge_sessions(connection: Pg, partials: pa.Table, sequence: int, gap: timedelta) -> int:
    """Merge the sessions of a batch (one row each, `sequence` is the journal's) with those stored
    less than `gap` away; returns how many sessions were touched."""
    if not partials.num_rows:
        return 0
    with connection.cursor() as cursor:
        batch = partials.select(list(_OF_THE_BATCH))
        staging = stage(cursor, SESSIONS.name, SESSIONS.names, batch)
        names = ", ".join(f"s.{name}" for name in _FIELDS)
        found = cursor.execute(
            f"SELECT DISTINCT {names} FROM sessions s JOIN {staging} b "
            "USING (user_id, currency) WHERE NOT s.absorbed "
            "AND s.ended_at > b.started_at - %(gap)s AND s.started_at < b.ended_at + %(gap)s",
            {"gap": gap},
        ).fetchall()
        stored = list(_sessions(found))
        merged = list(_merged([*stored, *_sessions(_tuples(batch))], gap))
        emptied = set(map(_key, stored)) - set(map(_key, merged))
        cursor.executemany(
            f"UPDATE sessions SET {_EMPTIED}, changed_in = %s "
            "WHERE user_id = %s AND currency = %s AND started_at = %s",
            [(sequence, *key) for key in sorted(emptied)],
        )
        _put(connection, merged, sequence, gap)
    return len(merged)


def _merged(sessions: Iterable[Session], gap: timedelta) -> Iterator[Session]:
    ordered = sorted(sessions, key=_owner)
    for _, own in groupby(ordered, key=_owner):
        yield from joined(own, gap)


def _tuples(table: pa.Table) -> Iterator[tuple[Any, ...]]:
    return zip(*(table[name].to_pylist() for name in _FIELDS), strict=True)


def _sessions(rows: Iterable[tuple[Any, ...]]) -> Iterator[Session]:
    for *values, products in rows:
        yield Session._make((*values, frozenset(products)))


def _put(connection: Pg, merged: list[Session], sequence: int, gap: timedelta) -> None:
    columns: dict[str, Any] = dict(zip(_FIELDS, zip(*merged, strict=True), strict=True))
    rows = pa.table(
        columns
        | {
            "products": list(map(sorted, columns["products"])),
            "closed_at": [ended_at + gap for ended_at in columns["ended_at"]],
            "absorbed": [False] * len(merged),
            "changed_in": [sequence] * len(merged),
        },
        _SCHEMA,
    )
    names = [field.name for field in _SCHEMA]
    changes = ", ".join(f"{n} = excluded.{n}" for n in names if n not in SESSIONS.key)
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMPORARY TABLE IF NOT EXISTS merged_sessions ON COMMIT DELETE ROWS AS "
            f"SELECT {', '.join(names)} FROM sessions WITH NO DATA"
        )
        copy_into(cursor, "merged_sessions", rows)
        cursor.execute(
            f"INSERT INTO sessions ({', '.join(names)}) SELECT {', '.join(names)} "
            f"FROM merged_sessions ON CONFLICT ({', '.join(SESSIONS.key)}) DO UPDATE SET {changes}"
        )
