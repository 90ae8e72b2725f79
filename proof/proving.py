"""The proof of a running stack: wait, copy one moment of its stores into DuckDB, judge."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from contracts.errors import EnvironmentProblem, NotReady, ShopstreamError
from contracts.ledger import Run
from contracts.registry import Registry, RegistryUnavailable
from contracts.registry.opening import open_registry
from proof.alerts.rules import default_rules
from proof.copying import ProofRuntime, StackEndpoints, Stores, workspace
from proof.judging import judge, judge_source
from proof.report import Report, SourceComparison
from proof.source import data_file as source
from proof.source.slices import readings_of, require_patterns, require_replayed, slices_of
from readers.filling import fill
from readers.interrupts import interruptible
from readers.kafka import open_admin, open_consumer
from readers.ledger import attempted_runs, load_ledger, read_runs
from readers.postgres import connect


@dataclass(frozen=True)
class ProofRequest:
    """What is asked of the proof. The answers must be of the events of the data files `sources`."""

    sources: Sequence[Path] = ()
    categories: Path = Path()
    regions: Path = Path()
    deadline: float = 600.0
    strict: bool = False


def prove(endpoints: StackEndpoints, request: ProofRequest, runtime: ProofRuntime) -> Report:
    """The report of a stack once it is caught up; NotReady when empty or not catching up."""
    every_run = read_runs(endpoints.ledger)
    files = [
        source.inspect(path, reading)
        for path in request.sources
        for reading in readings_of(source.digest_of_data(path), every_run)
    ]
    registry = open_registry(endpoints.registry)
    with (
        open_admin(endpoints.bootstrap_servers) as admin,
        open_consumer(endpoints.bootstrap_servers) as consumer,
        connect(endpoints.postgres_url, "verify") as postgres,
        workspace(endpoints.scratch) as folder,
    ):
        # A ledger may also hold runs that sent to a file, or to a broker of another stack.
        cluster = str(admin.describe_cluster()["cluster_id"])
        runs = [run for run in every_run if run.cluster_id == cluster]
        require_replayed(files, runs)
        if files:
            _require_tables(files, attempted_runs(endpoints.ledger, runs), request)
        store = Stores(endpoints, admin, cluster, consumer, postgres, registry, folder)
        runtime.say("waiting until everything is applied, sent and published")
        with (
            clear_errors(),
            interruptible(),
            closing(store.copy_at_rest(request.deadline, runtime)) as connection,
        ):
            load_ledger(connection, endpoints.ledger, runs)
            runtime.say("comparing")
            return _proved(_judge(connection, registry, runs, files, request))


@contextmanager
def clear_errors() -> Iterator[None]:
    """Say of an error of DuckDB or of the registry what it means for who asked for the proof."""
    try:
        yield
    except (duckdb.IOException, duckdb.InvalidInputException) as problem:
        if "No space left on device" in str(problem):
            raise EnvironmentProblem(
                f"the copy of the stores that the proof works on does not fit: {problem}",
                cause="the disk is nearly full; the stack itself is not touched",
                command="free some space, then shopstream verify",
            ) from problem
        raise ShopstreamError(
            f"a file of the lake cannot be read: {problem}",
            cause="a data file of the warehouse is damaged",
            command="restore the warehouse folder from a copy",
        ) from problem
    except RegistryUnavailable as problem:
        raise NotReady(
            f"the schema registry does not answer: {problem}",
            cause="a schema file in the registry's folder is damaged, or being written",
            command="mend or remove the file, then shopstream verify",
        ) from problem


def _proved(report: Report) -> Report:
    """The report; NotReady where nothing was there to compare."""
    if report.empty and report.green:
        raise NotReady(
            "nothing to check: this stack holds no event, and acknowledged none",
            cause="nothing was produced or replayed yet, or a run sent nothing",
            command="shopstream replay online-retail FILE",
        )
    return report


def _require_tables(
    files: Sequence[source.DataFile], runs: Sequence[Run], request: ProofRequest
) -> None:
    """Refuse tables that cannot be read, or that no replay of the files used, before anything is
    waited for."""
    tables = (request.categories, request.regions)
    digests = {path: source.digest(path) for path in tables}
    given = {found.sha256 for found in files}
    replayed = [run for run in runs if run.source and run.source.sha256 in given]
    require_patterns(replayed, *tables, digests)


def _judge(
    connection: duckdb.DuckDBPyConnection,
    registry: Registry,
    runs: Sequence[Run],
    files: Sequence[source.DataFile],
    request: ProofRequest,
) -> Report:
    """The levels and, when files are given, what the files say; a wrong file is an error."""
    slices = _slices(connection, runs, files, request) if files else []
    report = judge(connection, registry, default_rules(), strict=request.strict)
    if not files:
        return report
    return replace(report, source=_source(connection, runs, files, slices, request))


def _slices(
    connection: duckdb.DuckDBPyConnection,
    runs: Sequence[Run],
    files: Sequence[source.DataFile],
    request: ProofRequest,
) -> list[source.ReplayedSlice]:
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
    # A run may have begun to send since the tables were looked at.
    _require_tables(files, [run for run in runs if run.run in used], request)
    return chosen


def _source(
    connection: duckdb.DuckDBPyConnection,
    runs: Sequence[Run],
    files: Sequence[source.DataFile],
    slices: list[source.ReplayedSlice],
    request: ProofRequest,
) -> SourceComparison:
    source.make_relations(connection)
    for number, found in enumerate(files):
        source.load_rows(connection, number, found)
    source.load_patterns(connection, "category", request.categories)
    source.load_patterns(connection, "region", request.regions)
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
        list(dict.fromkeys(found.path for found in files)),
        default_rules(),
        {topic for found in files for topic in found.layout.topics},
    )
