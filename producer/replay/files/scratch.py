"""Sorting and counting beyond memory: a database in a temporary folder, gone with its last user."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib import import_module
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pyarrow as pa

if TYPE_CHECKING:
    import duckdb

# The folder takes what does not fit.
_MEMORY = "96MB"
_ROWS_A_BATCH = 8192


@contextmanager
def scratch() -> Iterator[duckdb.DuckDBPyConnection]:
    """A database of bounded memory that fetches no extension."""
    # Most files never need one, and the import takes as long as reading 80,000 rows.
    engine = import_module("duckdb")
    with TemporaryDirectory(prefix="shopstream-replay-") as folder:
        connection = engine.connect(
            f"{folder}/scratch.duckdb",
            config={
                "memory_limit": _MEMORY,
                "threads": 1,
                "temp_directory": folder,
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
            },
        )
        try:
            yield connection
        finally:
            connection.close()


def gathered(
    batches: Iterable[pa.RecordBatch], schema: pa.Schema, key: str
) -> Iterator[pa.RecordBatch]:
    """The rows of the batches once more, sorted on disk: rows of one `key` are neighbours, in the
    order of their column ``row``, and keys come in the order of their first rows."""
    with scratch() as connection:
        connection.register("batch", schema.empty_table())
        connection.execute("CREATE TABLE gathered AS FROM batch")
        for batch in batches:
            connection.register("batch", pa.Table.from_batches([batch]))
            connection.execute("INSERT INTO gathered FROM batch")
        connection.unregister("batch")
        sorted_rows = connection.sql(
            f'SELECT * EXCLUDE (first_row) FROM (SELECT *, min("row") OVER (PARTITION BY "{key}") '
            'AS first_row FROM gathered) ORDER BY first_row, "row"'
        )
        yield from sorted_rows.to_arrow_reader(_ROWS_A_BATCH)


class EqualRows:
    """Counts, for each row of a file, the equal rows before it: exactly, at any distance.

    Rows are known by 128 bits of their content, so memory and disk take 24 bytes per row.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        connection.execute("CREATE TABLE seen (digest UHUGEINT, row BIGINT)")

    def add(self, contents: pa.StringArray, rows: pa.Int64Array) -> None:
        """Take rows; a row whose content is null makes no event and equals none."""
        self._connection.register("batch", pa.table({"content": contents, "row": rows}))
        self._connection.execute(
            "INSERT INTO seen SELECT md5_number(content), row FROM batch WHERE content IS NOT NULL"
        )
        self._connection.unregister("batch")

    def places(self) -> Iterator[tuple[int, int]]:
        """Row and number of equal rows before it, in the order of rows, where there are any."""
        self._connection.execute(
            "SELECT row, place FROM (SELECT row, "
            "row_number() OVER (PARTITION BY digest ORDER BY row) - 1 AS place FROM seen WHERE "
            "digest IN (SELECT digest FROM seen GROUP BY digest HAVING count(*) > 1)) "
            "WHERE place > 0 ORDER BY row"
        )
        while found := self._connection.fetchmany(_ROWS_A_BATCH):
            yield from found
