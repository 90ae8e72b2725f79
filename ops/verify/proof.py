"""The proof of a running stack: wait, copy one moment of its stores into DuckDB, judge."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import psycopg

from contracts.ledger import Run
from contracts.registries import open_registry
from contracts.registry import Registry
from contracts.tables.lake import LAKE_TABLES
from ops.errors import NotReady, ShopstreamError
from ops.verify import source
from ops.verify.answers import load_answers
from ops.verify.broker import Broker
from ops.verify.filling import fill
from ops.verify.judging import judge, judge_source
from ops.verify.lake_files import Plan, load_lake, open_catalog, plan_of
from ops.verify.ledger_files import load_ledger, read_runs
from ops.verify.looking import look
from ops.verify.relations import connect
from ops.verify.report import Report, SourceFinding
from ops.verify.rules import default_rules
from ops.verify.slices import require_patterns, slices_of
from ops.verify.waiting import Counters, wait

# A trigger that publishes while the stores are copied makes the copies of two moments; then again.
COPIES = 5


@dataclass(frozen=True)
class Places:
    """Where the parts of the stack are; `scratch` takes DuckDB's file and is left empty."""

    bootstrap_servers: str
    registry: str
    postgres_url: str
    warehouse: Path
    ledger: Path
    scratch: Path


@dataclass(frozen=True)
class Question:
    """What to prove. Each of `sources` is a data file whose orders the answers must be."""

    sources: Sequence[Path] = ()
    categories: Path = Path()
    regions: Path = Path()
    deadline: float = 600.0
    strict: bool = False


@dataclass(frozen=True)
class Edge:
    """Clock, sleep and where progress goes."""

    clock: Callable[[], float]
    sleep: Callable[[float], None]
    say: Callable[[str], None]


def prove(places: Places, question: Question, edge: Edge) -> Report:
    """The report of a stack once it is caught up; NotReady when empty or not catching up."""
    runs = read_runs(places.ledger)
    files = [source.inspect(path) for path in question.sources]
    registry = open_registry(places.registry)
    with (
        Broker(places.bootstrap_servers) as broker,
        psycopg.connect(places.postgres_url, autocommit=True) as postgres,
        _workspace(places.scratch) as folder,
    ):
        store = _Stores(places, broker, postgres, registry, folder)
        edge.say("waiting until everything is applied, sent and published")
        connection = store.copy_at_rest(question, edge, bool(runs))
        try:
            load_ledger(connection, places.ledger, runs)
            edge.say("comparing")
            return _judge(connection, registry, runs, files, question)
        except duckdb.IOException as problem:
            raise _unreadable(problem) from problem
        finally:
            connection.close()


def _judge(
    connection: duckdb.DuckDBPyConnection,
    registry: Registry,
    runs: Sequence[Run],
    files: Sequence[source.DataFile],
    question: Question,
) -> Report:
    """The levels and, when files are given, what the files say; a wrong file is told first."""
    slices = _slices(connection, runs, files, question) if files else []
    report = judge(connection, registry, default_rules(), strict=question.strict)
    if not files:
        return report
    return replace(report, source=_source(connection, runs, files, slices, question))


def _slices(
    connection: duckdb.DuckDBPyConnection,
    runs: Sequence[Run],
    files: Sequence[source.DataFile],
    question: Question,
) -> list[source.Slice]:
    counted = connection.execute(
        "SELECT run, topic, count(*), max(position) FROM ledger.attempts GROUP BY run, topic"
    ).fetchall()
    chosen = slices_of(
        files,
        runs,
        {(run, topic): attempts for run, topic, attempts, _ in counted},
        {run: last for run, _, _, last in counted if last is not None},
    )
    used = {one.run for one in chosen}
    tables = (question.categories, question.regions)
    require_patterns(
        [run for run in runs if run.run in used],
        *tables,
        {path: source.digest(path) for path in tables},
    )
    return chosen


def _source(
    connection: duckdb.DuckDBPyConnection,
    runs: Sequence[Run],
    files: Sequence[source.DataFile],
    slices: list[source.Slice],
    question: Question,
) -> SourceFinding:
    source.make_relations(connection)
    for number, found in enumerate(files):
        source.load_rows(connection, number, found)
    source.load_patterns(connection, "category", question.categories)
    source.load_patterns(connection, "region", question.regions)
    used = {one.run for one in slices}
    fill(
        connection,
        "source_rejected",
        [
            (run.run, reason, told)
            for run in runs
            if run.run in used
            for reason, told in run.rejected.items()
        ],
    )
    source.derive_orders(connection, slices)
    return judge_source(connection, [found.path for found in files], default_rules())


@dataclass(frozen=True)
class _Stores:
    places: Places
    broker: Broker
    postgres: psycopg.Connection[tuple[object, ...]]
    registry: Registry
    folder: Path

    def copy_at_rest(
        self, question: Question, edge: Edge, anything: bool
    ) -> duckdb.DuckDBPyConnection:
        """Wait, copy, and look again: a copy counts only if nothing moved while it was made."""
        plan = plan_of(open_catalog(self.places.postgres_url, self.places.warehouse))
        for attempt in range(COPIES):
            seen = wait(
                lambda: look(self.broker, self.postgres, edge.clock),
                deadline=question.deadline,
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
            self.broker.load(connection, self.registry, seen.partitions)
            at_rest = look(self.broker, self.postgres, edge.clock) == seen
        except BaseException:
            connection.close()
            raise
        if at_rest and self._moment(plan) == before:
            return connection
        connection.close()
        return None

    def _moment(self, plan: Plan) -> object:
        """What changes when a store does: the lake's snapshots and the marks of publication."""
        marks = self.postgres.execute("SELECT * FROM published ORDER BY table_name").fetchall()
        return marks, [plan(table.name).snapshot_id for table in LAKE_TABLES]


def _rows_in(plan: Plan) -> bool:
    return any(plan(table.name).paths for table in LAKE_TABLES)


@contextmanager
def _workspace(scratch: Path) -> Iterator[Path]:
    folder = scratch / "verify"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _unreadable(problem: duckdb.IOException) -> ShopstreamError:
    return ShopstreamError(
        f"a file of the lake cannot be read: {problem}",
        cause="a data file of the warehouse is damaged",
        command="restore the warehouse folder from a copy",
    )
