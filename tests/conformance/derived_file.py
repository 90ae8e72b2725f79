"""A data file as the proof reads it: its rows in DuckDB, and the events that follow from them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from contracts.times import micros_of
from proof.checks import run_counts
from proof.relations import connect, prepare
from proof.source import data_file as source
from tests.producer.retail import EXAMPLES

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


@contextmanager
def derived(
    file: Path, reading: Mapping[str, str], data_set: str
) -> Iterator[duckdb.DuckDBPyConnection]:
    """The relations of a run that began at BEGAN and replayed the file's first thousand rows."""
    with closing(connect()) as connection:
        prepare(connection)
        source.make_relations(connection)
        source.load_patterns(connection, "category", EXAMPLES / "categories.csv")
        source.load_patterns(connection, "region", EXAMPLES / "regions.csv")
        source.load_rows(connection, 0, source.inspect(file, reading))
        replayed = source.ReplayedSlice("r", 0, data_set, 0, 1, 1000, micros_of(BEGAN))
        source.derive_events(connection, [replayed])
        run_counts(connection, "source/orders_counted")
        yield connection
