"""What the stores of a stack hold, put into the relations of the proof."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
from kafka import KafkaConsumer, TopicPartition
from pyiceberg.catalog import Catalog

from contracts.codec import decode_record
from contracts.errors import ShopstreamError
from contracts.registry import Registry
from contracts.rejections import Rejection
from contracts.tables.columns import quoted
from contracts.tables.lake import LAKE_TABLES
from contracts.tables.questions import ANSWERS
from contracts.topics import ALERTS
from proof.comparing import copied
from proof.relations import POSTGRES_TABLES
from readers.filling import fill
from readers.kafka import PartitionOffsets, read_until
from readers.lake import TableFiles, files_of, local_path, show_files
from readers.postgres import PostgresSnapshot
from readers.sql_text import DUCKDB_TYPES
from readers.valkey import HotEntry, connect, read_entries

_SILENT_POLLS = 120


def load_lake(connection: duckdb.DuckDBPyConnection, catalog: Catalog) -> None:
    """Put a view over its files in the place of each lake table; note the files that are gone."""
    for table in LAKE_TABLES:
        named = [local_path(path) for path in planned(catalog, table.name).paths]
        present = [path for path in named if path.exists()]
        gone = [(table.name, str(path)) for path in named if not path.exists()]
        fill(connection, "lake_missing_files", gone)
        fill(connection, "lake_files", [(table.name, len(present))] if present else [])
        if present:
            connection.execute(f"DROP TABLE {table.name}")
            selected = [
                f"CAST({quoted(each.name)} AS {DUCKDB_TYPES[each.type]}) AS {quoted(each.name)}"
                for each in table.columns
            ]
            show_files(connection, table.name, selected, present)


def planned(catalog: Catalog, name: str) -> TableFiles:
    """The files of a table; a snapshot with delete files is an error, not a wrong answer."""
    found = files_of(catalog, name)
    if found.deletes:
        raise ShopstreamError(
            f"{name} holds row-level deletes, which the proof does not apply",
            cause="another engine changed the table with merge-on-read",
            command="rewrite the table's data files (Iceberg: rewrite_data_files), then again",
        )
    return found


def load_postgres(connection: duckdb.DuckDBPyConnection, url: str, folder: Path) -> None:
    """Fill the relations of ``answers`` from one snapshot, by way of files in `folder`."""
    with PostgresSnapshot(url, "verify") as postgres:
        for table in POSTGRES_TABLES:
            names = [column.name for column in copied(table.columns)]
            with postgres.copied(table.name, names, folder) as rows:
                connection.execute(f"INSERT INTO answers.{table.name} BY NAME {rows}")


def load_hot_store(connection: duckdb.DuckDBPyConnection, url: str, now: float) -> None:
    """Fill the relations of ``hot``; `now` is in epoch seconds. Keys of a kind that no answer
    declares are in `hot.unknown`."""
    fill(connection, "hot.moment", [(round(now * 1_000_000),)])
    kinds = tuple(keys for answer in ANSWERS for keys in answer.hot)
    unknown: list[str] = []
    with closing(connect(url)) as store:
        fill(connection, "hot.entries", _known(read_entries(store, kinds), unknown))
    fill(connection, "hot.unknown", [(key,) for key in sorted(unknown)])


def _known(entries: Iterator[HotEntry], unknown: list[str]) -> Iterator[tuple[object, ...]]:
    for each in entries:
        if each.template is None:
            unknown.append(each.key)
        else:
            yield each.template, each.key, each.entry, each.value


def load_kafka(
    connection: duckdb.DuckDBPyConnection,
    cluster_id: str,
    consumer: KafkaConsumer,
    registry: Registry,
    partitions: tuple[PartitionOffsets, ...],
) -> None:
    """Fill ``broker.cluster``, ``broker.partitions``, and ``broker.alerts`` with the ids in the
    alerts topic."""
    fill(connection, "broker.cluster", [(cluster_id,)])
    fill(
        connection,
        "broker.partitions",
        [(p.topic, p.topic_id, p.partition, p.low, p.high) for p in partitions],
    )
    alerts = [p for p in partitions if p.topic == ALERTS.name and p.low < p.stable]
    if alerts:
        ends = {TopicPartition(p.topic, p.partition): p.stable for p in alerts}
        consumer.assign(list(ends))
        for p in alerts:
            consumer.seek(TopicPartition(p.topic, p.partition), p.low)
        records = read_until(consumer, ends, _SILENT_POLLS)
        fill(connection, "broker.alerts", (_alert(record, registry) for record in records))


def _alert(record: Any, registry: Registry) -> tuple[object, ...]:
    found = decode_record(ALERTS, record.value, registry)
    identity = f"unreadable: {found.reason}" if isinstance(found, Rejection) else found["alert_id"]
    return record.partition, record.offset, identity
