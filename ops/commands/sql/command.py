"""`shopstream sql "SELECT ..."`: your own questions, over the lake and Postgres at once."""

from __future__ import annotations

import csv
import json
import math
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, TypeAlias

import duckdb
import typer

from contracts.errors import ShopstreamError, Usage
from ops import console
from ops.commands.sql.session import SqlSession, open_session
from ops.console import AsJson
from ops.stack import open_stack

# A person reads at most this many rows. Programs take --json or --csv, which have no bound.
SHOWN_ROWS = 1_000
BATCH_ROWS = 10_000
Form: TypeAlias = Literal["table", "json", "csv", "csv-safe"]
_BEGIN_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def sql(
    query: Annotated[
        str | None, typer.Argument(metavar="[QUERY]", help="One SELECT; without it: the tables.")
    ] = None,
    *,
    as_json: AsJson = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Answer in CSV, for programs.")] = False,
    csv_safe: Annotated[
        bool,
        typer.Option(
            "--csv-safe",
            help="Answer in CSV for a spreadsheet: a text that it would run as a formula gets a '.",
        ),
    ] = False,
) -> None:
    """Ask the lake (bronze.events, silver.orders, gold.order_metrics ...) and Postgres
    (pg.order_metrics, pg.alerts ...) in one SELECT of DuckDB's dialect."""
    if as_json + as_csv + csv_safe > 1:
        raise Usage("one of --json, --csv and --csv-safe")
    form: Form = "json" if as_json else "csv" if as_csv else "csv-safe" if csv_safe else "table"
    with open_session(open_stack()) as session:
        if query is None:
            _show_tables(session, as_json)
            return
        relation = session.query(query)
        try:
            show(relation, form)
        except duckdb.Error as problem:
            raise ShopstreamError(
                f"the query failed while it ran: {problem}",
                cause="a value cannot be converted, or the lake changed at this moment",
            ) from problem


def show(relation: duckdb.DuckDBPyRelation, form: Form) -> None:
    """Print a relation as one JSON array, as CSV with a header, or as a table."""
    if form == "json":
        # Names may repeat, as in a join of two tables; a later one must not hide an earlier.
        names = unique(relation.columns)
        console.answer_json([dict(zip(names, row, strict=True)) for row in rows(relation)])
    elif form != "table":
        safe = _no_formula if form == "csv-safe" else _as_it_is
        texts = [kind == "VARCHAR" for kind in relation.types]
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow([safe(name) for name in relation.columns])
        for row in rows(relation):
            cells = zip(map(_cell, row), texts, strict=True)
            writer.writerow([safe(cell) if text else cell for cell, text in cells])
    else:
        found = [[_cell(value) for value in row] for row in rows(relation.limit(SHOWN_ROWS + 1))]
        console.records(relation.columns, found[:SHOWN_ROWS])
        if len(found) > SHOWN_ROWS:
            console.progress(f"the first {SHOWN_ROWS} rows; --json and --csv give all")


def rows(relation: duckdb.DuckDBPyRelation) -> Iterator[list[Any]]:
    """The rows as JSON values: money as decimal text, times in ISO 8601 UTC, bytes in hex."""
    for batch in relation.to_arrow_reader(BATCH_ROWS):
        columns = [column.to_pylist() for column in batch.columns]
        for row in zip(*columns, strict=True):
            yield [plain(value) for value in row]


def plain(value: Any) -> Any:
    """One value as JSON can hold it."""
    match value:
        case dict():
            return {name: plain(part) for name, part in value.items()}
        case list() | tuple():
            return [plain(part) for part in value]
        case None | bool() | int() | str():
            return value
        case float() if math.isfinite(value):
            return value
        case _:
            return _text(value)


def _text(value: Any) -> str:
    match value:
        case datetime():
            at = value.astimezone(UTC) if value.tzinfo else value
            return at.isoformat(timespec="microseconds").replace("+00:00", "Z")
        case Decimal():
            return f"{value:f}"
        case bytes():
            return value.hex()
        case _:
            return str(value)


def unique(names: list[str]) -> list[str]:
    """The names with a number behind each repeated one."""
    made: list[str] = []
    for name in names:
        number, candidate = 2, name
        while candidate in made:
            number, candidate = number + 1, f"{name}_{number}"
        made.append(candidate)
    return made


def _no_formula(text: str) -> str:
    """The text as a spreadsheet shows it and does not run it (OWASP, "CSV Injection")."""
    return f"'{text}" if text.startswith(_BEGIN_A_FORMULA) else text


def _as_it_is(text: str) -> str:
    return text


def _cell(value: Any) -> str:
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False)
    return "" if value is None else str(value)


def _show_tables(session: SqlSession, as_json: bool) -> None:
    if as_json:
        console.answer_json(session.tables)
    else:
        for name in session.tables:
            console.line(name)
