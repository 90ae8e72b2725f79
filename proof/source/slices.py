"""Which part of which data file each run replayed; refuses files that cannot explain the stack."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from contracts.errors import Usage
from contracts.ledger import Run, SourceFile
from contracts.topics import TOPICS
from proof.source.data_file import DataFile, ReplayedSlice

_AGAIN = "shopstream verify --source FILE, once for each file that was replayed"


def readings_of(sha256: str, runs: Sequence[Run]) -> list[Mapping[str, str]]:
    """The ways in which runs read a file; one where a person said nothing of it."""
    found: list[Mapping[str, str]] = []
    for run in runs:
        if run.source and run.source.sha256 == sha256 and run.source.reading not in found:
            found.append(run.source.reading)
    return found or [{}]


def require_replayed(files: Sequence[DataFile], runs: Sequence[Run]) -> None:
    """Refuse a file that no run replayed."""
    replayed = {run.source.sha256 for run in runs if run.source}
    for found in files:
        if found.sha256 not in replayed:
            raise Usage(
                f"no run replayed this file: {found.path}",
                cause="the file was changed since, or another file was replayed",
                command=f"shopstream replay {found.layout.name} FILE, then verify again",
            )


def slices_of(
    files: Sequence[DataFile],
    runs: Sequence[Run],
    attempted: Mapping[tuple[str, str], int],
    furthest: Mapping[str, int],
) -> list[ReplayedSlice]:
    """One slice per run that replayed one of `files`.

    `attempted` counts attempts by (run, topic). A run that sent events of the files' topics from
    another file is refused, because only that file can explain them. Events that come from no file
    are taken from silver. `furthest` is the last row that a run attempted: a run that was killed
    may not have written it to its ``run.json``.
    """
    by_reading = {_key(found.sha256, found.reading): at for at, found in enumerate(files)}
    told = [topic for topic in TOPICS if any(topic in found.layout.topics for found in files)]
    chosen = []
    for run in runs:
        sent = [topic.schema for topic in told if attempted.get((run.run, topic.name))]
        if not sent or run.source is None:
            continue
        file = by_reading.get(_key(run.source.sha256, run.source.reading))
        if file is None:
            raise Usage(
                f"run {run.run} of {run.producer} also sent {' and '.join(sent)}, "
                "from another file",
                cause="the totals hold its events too, so the given files cannot explain them",
                command=_AGAIN,
            )
        chosen.append(_slice(run, run.source, file, furthest))
    return chosen


def _key(sha256: str, reading: Mapping[str, str]) -> tuple[str, frozenset[tuple[str, str]]]:
    return sha256, frozenset(reading.items())


def _slice(run: Run, source: SourceFile, file: int, furthest: Mapping[str, int]) -> ReplayedSlice:
    last = max(source.last_row, furthest.get(run.run, 0))
    latest = run.started_at - source.shift_us
    return ReplayedSlice(
        run.run, file, source.edition, source.shift_us, source.first_row, last, latest
    )


def require_patterns(
    runs: Sequence[Run], categories: Path, regions: Path, digests: Mapping[Path, str]
) -> None:
    """Refuse tables other than those the runs used: they decide every row's category and region.
    A layout that uses none says so by an empty digest."""
    for run in runs:
        if run.source is None:
            continue
        for path, wanted in (
            (categories, run.source.categories_sha256),
            (regions, run.source.regions_sha256),
        ):
            if wanted and digests[path] != wanted:
                raise Usage(
                    f"run {run.run} was replayed with another table than {path}",
                    cause="the table was edited since, or the replay was given another one",
                    command="shopstream verify --source FILE --categories FILE --regions FILE",
                )
