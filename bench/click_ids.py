"""What it costs to remember the ids of two hours of clicks: ``python -m bench.click_ids``.

2,000 ids per second come in batches of five seconds, one in a hundred of them a copy of an id of
the batch before. Afterwards a new driver reads what is stored, as it does after a crash.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial

import numpy as np
import psutil
import psycopg
import pyarrow as pa

from bench.machine import load
from bench.results import publish
from bench.stack import stack_without_spark
from bench.usage import cpu_seconds
from contracts.tables.postgres import CLICK_ID_BLOCKS
from emr_jobs.stores.click_ids.blocks import PostgresBlocks
from emr_jobs.stores.click_ids.packed import ID_BYTES, Ids
from emr_jobs.stores.click_ids.remembering import COLUMNS, ClickIds
from emr_jobs.stores.postgres import Pg
from local.home import Home
from local.profile import postgres_url, read_profile
from local.supervisor.published import running

_BATCHES = 1440
_BATCH = 10_000
_COPIES = _BATCH // 100
_PARTITIONS = 4
_BEGAN = datetime(2026, 3, 1, tzinfo=UTC)
_TRIGGER = timedelta(seconds=5)
_MOST_POSTGRES = 1.0
_NONE: Ids = np.empty((0, ID_BYTES), np.uint8)


def main() -> int:
    with stack_without_spark() as home:
        profile = read_profile(home)
        assert profile is not None
        with psycopg.connect(postgres_url(home, profile), autocommit=True) as connection:
            figures = _measured(home, connection)
    reached = float(str(figures["postgres_microseconds"])) <= _MOST_POSTGRES
    figures |= {
        "most_postgres_microseconds": _MOST_POSTGRES,
        "reached": reached,
        "load_at_end": load(),
    }
    publish("click_ids", figures, *sys.argv[1:])
    return 0 if reached else 1


def _measured(home: Home, connection: Pg) -> dict[str, object]:
    before, written, driver = _postgres_seconds(home), _log_position(connection), 0.0
    ids: ClickIds[Pg] = ClickIds(PostgresBlocks())
    for number, batch in enumerate(_batches(), 1):
        driver += cpu_seconds(partial(_apply, connection, ids, number, batch))
    spent = _postgres_seconds(home) - before
    count = _BATCHES * _BATCH
    size = f"SELECT pg_total_relation_size('{CLICK_ID_BLOCKS.name}')::bigint"
    wal, stored = _log_position(connection) - written, _number(connection, size)
    began = time.monotonic()
    again: ClickIds[Pg] = ClickIds(PostgresBlocks())
    again_cpu = cpu_seconds(partial(_apply, connection, again, _BATCHES + 1, _rows(_NONE, 0)))
    return {
        "ids": count,
        "postgres_microseconds": round(spent / count * 1e6, 2),
        "driver_microseconds": round(driver / count * 1e6, 2),
        "stored_bytes_per_id": round(stored / count, 1),
        "wal_bytes_per_id": round(wal / count, 1),
        "ids_marked": again.marks,
        "read_again_seconds": round(time.monotonic() - began, 2),
        "read_again_driver_cpu_seconds": round(again_cpu, 2),
    }


def _apply(connection: Pg, ids: ClickIds[Pg], sequence: int, rows: pa.Table) -> None:
    with connection.transaction():
        known = ids.remember(connection, sequence, rows)
    assert len(known) == (_COPIES if rows.num_rows and sequence > 1 else 0)


def _batches() -> Iterator[pa.Table]:
    chance = np.random.default_rng(1)
    last = _NONE
    for number in range(_BATCHES):
        copies = last[: _COPIES if number else 0]
        last = chance.integers(0, 256, (_BATCH - len(copies), ID_BYTES), np.uint8)
        yield _rows(np.concatenate([last, copies]), number)


def _rows(ids: Ids, number: int) -> pa.Table:
    """A batch as `clicks` gives it."""
    count = len(ids)
    digits = np.frombuffer(ids.tobytes().hex().encode(), np.uint8).reshape(count, 32)
    texts = np.insert(digits, [8, 12, 16, 20], ord("-"), axis=1)
    ends = pa.array(range(0, 36 * count + 1, 36), pa.int32())
    data = pa.py_buffer(texts.tobytes())
    places = np.arange(count)
    appended = _BEGAN + number * _TRIGGER
    return pa.table(
        [
            pa.StringArray.from_buffers(count, ends.buffers()[1], data),
            pa.array(["gG3kQv9tTmC1h2i3j4k5lA"] * count, pa.string()),
            pa.array(places % _PARTITIONS, pa.int32()),
            pa.array(number * _BATCH + places // _PARTITIONS, pa.int64()),
            pa.array([appended] * count, pa.timestamp("us", "UTC")),
        ],
        COLUMNS,
    )


def _postgres_seconds(home: Home) -> float:
    snapshot = running(home)
    assert snapshot is not None
    children = psutil.Process(snapshot.supervisor_pid).children(recursive=True)
    times = [each.cpu_times() for each in children if each.name() == "postgres"]
    return sum(each.user + each.system for each in times)


def _log_position(connection: Pg) -> int:
    return _number(connection, "SELECT (pg_current_wal_insert_lsn() - '0/0')::bigint")


def _number(connection: Pg, query: str) -> int:
    row = connection.execute(query).fetchone()
    assert row is not None
    return int(row[0])


if __name__ == "__main__":
    sys.exit(main())
