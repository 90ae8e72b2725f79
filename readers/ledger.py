"""The producers' ledgers as relations: runs, attempts, and what was acknowledged."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import duckdb

from contracts.errors import ShopstreamError
from contracts.ledger import (
    ATTEMPT_COLUMNS,
    ATTEMPTS_FILE,
    OUTCOME_COLUMNS,
    OUTCOMES_FILE,
    RUN_FILE,
    Run,
)
from contracts.topics import TOPICS, topic_id_text
from readers.filling import fill

_UUID_TEXT = 36


def read_runs(folder: Path) -> list[Run]:
    """Every run of a ledger folder, oldest first; a damaged ``run.json`` is an error."""
    runs = []
    for file in sorted(folder.glob(f"*/{RUN_FILE}")):
        try:
            runs.append(Run.from_json(file.read_text(encoding="utf-8")))
        except (ValueError, TypeError) as problem:
            raise ShopstreamError(
                f"a producer's ledger is damaged: {file}: {problem}",
                cause="it was edited, or a disk was full when it was written",
                command="move the run's folder out of the ledger; its events are then unexpected",
            ) from problem
    return sorted(runs, key=lambda run: run.started_at)


def attempted_runs(folder: Path, runs: list[Run]) -> list[Run]:
    """Those of `runs` that tried to send something."""
    sent = {run for run, own in _folders(folder, runs) if _attempted(own / ATTEMPTS_FILE)}
    return [run for run in runs if run.run in sent]


def load_ledger(connection: duckdb.DuckDBPyConnection, folder: Path, runs: list[Run]) -> None:
    """Fill ``ledger.runs``, ``ledger.attempts`` and ``ledger.outcomes`` with what `runs` did."""
    fill(
        connection,
        "ledger.runs",
        [
            (run.run, run.producer, name, topic_id_text(topic_id))
            for run in runs
            for name, topic_id in run.topic_ids.items()
        ],
    )
    for run, own in _folders(folder, runs):
        _load_csv(connection, own / ATTEMPTS_FILE, run, ATTEMPT_COLUMNS, "attempts")
        _load_csv(connection, own / OUTCOMES_FILE, run, OUTCOME_COLUMNS, "outcomes")


def _folders(folder: Path, runs: list[Run]) -> Iterator[tuple[str, Path]]:
    """Each of `runs` with its folder, in the order of the folders' names."""
    wanted = {run.run for run in runs}
    for file in sorted(folder.glob(f"*/{RUN_FILE}")):
        run = Run.from_json(file.read_text(encoding="utf-8")).run
        if run in wanted:
            yield run, file.parent


def _attempted(attempts: Path) -> bool:
    """Whether there is a line below the header."""
    if not attempts.exists():
        return False
    with attempts.open(encoding="utf-8") as lines:
        return len(list(islice(lines, 2))) == 2


_TOPICS = ", ".join(f"'{known.name}'" for known in TOPICS)
# A torn last line is left out where what it says is not whole: an attempt without its topic, an
# acknowledgement without an append time.
_SELECTED = {
    "attempts": (
        "TRY_CAST(sequence AS BIGINT), event_id, topic, TRY_CAST(position AS BIGINT)",
        f"length(event_id) = {_UUID_TEXT} AND topic IN ({_TOPICS})",
    ),
    "outcomes": (
        "TRY_CAST(sequence AS BIGINT), outcome, TRY_CAST(partition AS INTEGER), "
        'TRY_CAST("offset" AS BIGINT), TRY_CAST(append_time AS BIGINT)',
        "outcome = 'failed' OR (outcome = 'acknowledged' AND TRY_CAST(append_time AS BIGINT) > 0)",
    ),
}


def _load_csv(
    connection: duckdb.DuckDBPyConnection,
    file: Path,
    run: str,
    columns: tuple[str, ...],
    relation: str,
) -> None:
    """Copy the whole lines of one csv file."""
    if not file.exists():
        return
    selected, whole = _SELECTED[relation]
    described = ", ".join(f"'{name}': 'VARCHAR'" for name in columns)
    torn = "true" if _is_torn(file) else "false"
    connection.execute(
        f"""
        INSERT INTO ledger.{relation}
        SELECT ?, {selected}
        FROM read_csv(?, columns = {{{described}}}, header = true, delim = ',', quote = '"',
                      escape = '"', null_padding = {torn}, ignore_errors = {torn},
                      auto_detect = false)
        WHERE {whole}
        """,
        [run, str(file)],
    )


def _is_torn(file: Path) -> bool:
    with file.open("rb") as opened:
        if opened.seek(0, 2) == 0:
            return False
        opened.seek(-1, 2)
        return opened.read() != b"\n"
