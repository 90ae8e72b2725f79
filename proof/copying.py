"""One moment of a running stack's stores, copied into DuckDB once nothing moves any more."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
from kafka import KafkaConsumer
from kafka.admin import KafkaAdminClient
from pyiceberg.catalog import Catalog

from contracts.errors import NotReady
from contracts.registry import Registry
from contracts.tables.lake import LAKE_TABLES
from contracts.topics import TOPICS
from proof.loading import load_hot_store, load_kafka, load_lake, load_postgres, planned
from proof.looking import look
from proof.relations import connect
from proof.skipped_offsets import load_skipped
from proof.waiting import Counters, wait
from readers.kafka import partition_offsets
from readers.lake import open_catalog
from readers.postgres import Pg

# When a trigger publishes while the stores are copied, the copies are of two moments. Then the
# proof copies again, at most this many times.
COPIES = 5


@dataclass(frozen=True)
class StackEndpoints:
    """Where the parts of the stack are; `scratch` takes DuckDB's file and is left empty."""

    bootstrap_servers: str
    registry: str
    postgres_url: str
    valkey_url: str
    warehouse: Path
    ledger: Path
    scratch: Path


@dataclass(frozen=True)
class ProofRuntime:
    """What the proof takes from outside: the time, in seconds since 1970 and by a clock that nobody
    sets, a sleep, where progress goes, and the parts of the stack that nothing starts again, each
    with its state and reason."""

    clock: Callable[[], float]
    monotonic: Callable[[], float]
    sleep: Callable[[float], None]
    say: Callable[[str], None]
    given_up: Callable[[], Mapping[str, tuple[str, str]]]


@dataclass(frozen=True)
class Stores:
    """The stores of one stack, and the folder that takes their copies. `cluster_id` is Kafka's."""

    endpoints: StackEndpoints
    admin: KafkaAdminClient
    cluster_id: str
    consumer: KafkaConsumer
    postgres: Pg
    registry: Registry
    folder: Path

    def copy_at_rest(self, deadline: float, runtime: ProofRuntime) -> duckdb.DuckDBPyConnection:
        """Wait, copy, and look again: a copy counts only if nothing moved while it was made."""
        with closing(
            open_catalog(self.endpoints.postgres_url, self.endpoints.warehouse)
        ) as catalog:
            for attempt in range(COPIES):
                seen = wait(
                    lambda: self._look(runtime),
                    deadline=deadline,
                    clock=runtime.monotonic,
                    sleep=runtime.sleep,
                    say=runtime.say,
                )
                if connection := self._copy(catalog, seen, runtime, attempt):
                    return connection
                runtime.say("the stores moved while they were copied; once more")
        raise NotReady(
            f"the stores changed during each of {COPIES} copies",
            cause="events keep arriving",
            command="stop what produces, then shopstream verify",
        )

    def _copy(
        self, catalog: Catalog, seen: Counters, runtime: ProofRuntime, attempt: int
    ) -> duckdb.DuckDBPyConnection | None:
        folder = self.folder / str(attempt)
        folder.mkdir(mode=0o700)
        before = self._moment(catalog)
        connection = connect(folder)
        try:
            load_lake(connection, catalog)
            load_postgres(connection, self.endpoints.postgres_url, folder)
            load_hot_store(connection, self.endpoints.valkey_url, runtime.clock())
            load_kafka(connection, self.cluster_id, self.consumer, self.registry, seen.partitions)
            load_skipped(
                connection,
                self.endpoints.bootstrap_servers,
                self.admin,
                self.consumer,
                seen.partitions,
            )
            at_rest = self._look(runtime) == seen
        except BaseException:
            connection.close()
            raise
        if at_rest and self._moment(catalog) == before:
            return connection
        connection.close()
        return None

    def _look(self, runtime: ProofRuntime) -> Counters:
        """The counters; a process that died before it could say so counts as what it ran."""
        names = [topic.name for topic in TOPICS]
        partitions = partition_offsets(self.admin, names)
        found = look(self.postgres, partitions, runtime.clock())
        return replace(found, states={**found.states, **runtime.given_up()})

    def _moment(self, catalog: Catalog) -> object:
        """What changes when a store does: the lake's snapshots and the marks of publication."""
        marks = self.postgres.execute("SELECT * FROM published ORDER BY table_name").fetchall()
        return marks, [planned(catalog, table.name).snapshot_id for table in LAKE_TABLES]


@contextmanager
def workspace(scratch: Path) -> Iterator[Path]:
    """A private folder of this proof, gone afterwards."""
    scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="verify-", dir=scratch))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
