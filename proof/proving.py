"""The proof of a running stack: wait, copy one moment of its stores into DuckDB, judge."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import psycopg

from contracts.errors import ShopstreamError
from contracts.ledger import Run
from contracts.registry import Registry
from contracts.registry.opening import open_registry
from contracts.topics import CLICKS
from proof.alerts.rules import default_rules
from proof.copying import Edge, Places, Stores, workspace
from proof.filling import fill
from proof.judging import judge, judge_source
from proof.report import Report, SourceFinding
from proof.source import data_file as source
from proof.source.slices import require_patterns, require_replayed, slices_of
from proof.stores.broker import Broker
from proof.stores.ledger_files import load_ledger, read_runs


@dataclass(frozen=True)
class Question:
    """What to prove. Each of `sources` is a data file whose events the answers must be of."""

    sources: Sequence[Path] = ()
    categories: Path = Path()
    regions: Path = Path()
    deadline: float = 600.0
    strict: bool = False


def prove(places: Places, question: Question, edge: Edge) -> Report:
    """The report of a stack once it is caught up; NotReady when empty or not catching up."""
    every_run = read_runs(places.ledger)
    files = [source.inspect(path) for path in question.sources]
    registry = open_registry(places.registry)
    with (
        Broker(places.bootstrap_servers) as broker,
        psycopg.connect(places.postgres_url, autocommit=True) as postgres,
        workspace(places.scratch) as folder,
    ):
        # A ledger may also hold runs that sent to a file, or to a broker of another stack.
        cluster = broker.cluster_id()
        runs = [run for run in every_run if run.cluster_id == cluster]
        require_replayed(files, runs)
        store = Stores(places, broker, postgres, registry, folder)
        edge.say("waiting until everything is applied, sent and published")
        try:
            with closing(store.copy_at_rest(question.deadline, edge, bool(runs))) as connection:
                load_ledger(connection, places.ledger, runs)
                edge.say("comparing")
                return _judge(connection, registry, runs, files, question)
        except (duckdb.IOException, duckdb.InvalidInputException) as problem:
            raise _unreadable(problem) from problem


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
    source.derive_events(connection, slices)
    return judge_source(
        connection,
        [found.path for found in files],
        default_rules(),
        clicks=any(CLICKS in found.layout.topics for found in files),
    )


def _unreadable(problem: duckdb.Error) -> ShopstreamError:
    return ShopstreamError(
        f"a file of the lake cannot be read: {problem}",
        cause="a data file of the warehouse is damaged",
        command="restore the warehouse folder from a copy",
    )
