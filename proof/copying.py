"""One moment of a running stack's stores, copied into DuckDB once nothing moves any more."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import psycopg

from contracts.errors import NotReady
from contracts.registry import Registry
from contracts.tables.lake import LAKE_TABLES
from proof.looking import look
from proof.relations import connect
from proof.stores.answers import load_answers
from proof.stores.broker import Broker
from proof.stores.hot_store import load_hot
from proof.stores.lake_files import Plan, load_lake, open_catalog, plan_of
from proof.waiting import Counters, wait

# A trigger that publishes while the stores are copied makes the copies of two moments; then again.
COPIES = 5


@dataclass(frozen=True)
class Places:
    """Where the parts of the stack are; `scratch` takes DuckDB's file and is left empty."""

    bootstrap_servers: str
    registry: str
    postgres_url: str
    valkey_url: str
    warehouse: Path
    ledger: Path
    scratch: Path


@dataclass(frozen=True)
class Edge:
    """Clock, sleep and where progress goes; and the parts of the stack that nothing starts again,
    each with its state and reason."""

    clock: Callable[[], float]
    sleep: Callable[[float], None]
    say: Callable[[str], None]
    given_up: Callable[[], Mapping[str, tuple[str, str]]]


@dataclass(frozen=True)
class Stores:
    """The stores of one stack, and the folder that takes their copies."""

    places: Places
    broker: Broker
    postgres: psycopg.Connection[tuple[object, ...]]
    registry: Registry
    folder: Path

    def copy_at_rest(
        self, deadline: float, edge: Edge, anything: bool
    ) -> duckdb.DuckDBPyConnection:
        """Wait, copy, and look again: a copy counts only if nothing moved while it was made."""
        with closing(open_catalog(self.places.postgres_url, self.places.warehouse)) as catalog:
            return self._copy_when_at_rest(plan_of(catalog), deadline, edge, anything)

    def _copy_when_at_rest(
        self, plan: Plan, deadline: float, edge: Edge, anything: bool
    ) -> duckdb.DuckDBPyConnection:
        for attempt in range(COPIES):
            seen = wait(
                lambda: self._look(edge),
                deadline=deadline,
                clock=edge.clock,
                sleep=edge.sleep,
                say=edge.say,
            )
            if seen.empty() and not anything and not _rows_in(plan):
                raise NotReady(
                    "nothing to check: no event was ever sent to this stack",
                    cause="nothing was produced or replayed yet",
                    command="shopstream replay online-retail FILE",
                )
            connection = self._copy(plan, seen, edge, attempt)
            if connection is not None:
                return connection
            edge.say("the stores moved while they were copied; once more")
        raise NotReady(
            f"the stores changed during each of {COPIES} copies",
            cause="events keep arriving",
            command="stop what produces, then shopstream verify",
        )

    def _copy(
        self, plan: Plan, seen: Counters, edge: Edge, attempt: int
    ) -> duckdb.DuckDBPyConnection | None:
        folder = self.folder / str(attempt)
        folder.mkdir(mode=0o700)
        before = self._moment(plan)
        connection = connect(folder)
        try:
            load_lake(connection, plan)
            load_answers(connection, self.places.postgres_url, folder)
            load_hot(connection, self.places.valkey_url, edge.clock())
            self.broker.load(connection, self.registry, seen.partitions)
            at_rest = self._look(edge) == seen
        except BaseException:
            connection.close()
            raise
        if at_rest and self._moment(plan) == before:
            return connection
        connection.close()
        return None

    def _look(self, edge: Edge) -> Counters:
        """The counters; a process that died before it could say so counts as what it ran."""
        found = look(self.broker, self.postgres, edge.clock)
        return replace(found, states={**found.states, **edge.given_up()})

    def _moment(self, plan: Plan) -> object:
        """What changes when a store does: the lake's snapshots and the marks of publication."""
        marks = self.postgres.execute("SELECT * FROM published ORDER BY table_name").fetchall()
        return marks, [plan(table.name).snapshot_id for table in LAKE_TABLES]


def _rows_in(plan: Plan) -> bool:
    return any(plan(table.name).paths for table in LAKE_TABLES)


@contextmanager
def workspace(scratch: Path) -> Iterator[Path]:
    """A private folder of this proof, gone afterwards."""
    scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="verify-", dir=scratch))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
