"""Exports of shops: their rows and their mappings into DuckDB, and the ids of their events."""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from typing import cast, get_args

import duckdb

from contracts.data_files.layouts import FileLayout, squeezed
from contracts.data_files.mappings import OrderMapping
from contracts.data_files.roles import Role
from contracts.data_files.texts import CURRENCY_OF_SIGN
from contracts.events import OrderKind, replayed_order_id
from contracts.topics import ORDERS
from proof.source.layouts import SourceLayout
from readers.filling import fill, read

_ROLES: tuple[Role, ...] = get_args(Role)
_RELATION = "source_item"
# A role whose name SQL needs for itself.
_FIELDS = tuple("number" if role == "order" else role for role in _ROLES)


def layout_of(file: FileLayout) -> SourceLayout:
    """An export as a kind of data file."""
    return SourceLayout(file, _RELATION, _FIELDS, (ORDERS,))


def make_relations(connection: duckdb.DuckDBPyConnection) -> None:
    """The relations that `items.sql` reads, empty but for the signs of currencies."""
    texts = ", ".join(f"{name} VARCHAR" for name in _FIELDS)
    signs = "|".join(sign.replace("$", r"\$") for sign in CURRENCY_OF_SIGN)
    for statement in (
        f"CREATE TABLE {_RELATION} (file INTEGER, row BIGINT, fields INTEGER, again BOOLEAN, "
        f"footer BOOLEAN, {texts})",
        "CREATE TABLE source_mapping (file INTEGER, currency VARCHAR, of_all BOOLEAN, "
        "summaries BOOLEAN, placeless BOOLEAN, cancelled VARCHAR[], not_orders VARCHAR[], "
        "include VARCHAR[])",
        "CREATE TABLE currency_sign (sign VARCHAR, code VARCHAR)",
        "CREATE TABLE export_id (event_id VARCHAR, file INTEGER, edition VARCHAR, "
        "position BIGINT, kind VARCHAR, place INTEGER, shift_us BIGINT)",
        f"CREATE MACRO any_sign() AS '{signs}'",
    ):
        connection.execute(statement)
    fill(connection, "currency_sign", list(CURRENCY_OF_SIGN.items()))


def load_mapping(connection: duckdb.DuckDBPyConnection, number: int, mapping: OrderMapping) -> None:
    """What the mapping of a file says besides its columns."""
    connection.execute(
        "INSERT INTO source_mapping VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            number,
            mapping.currency,
            "line_amount" in mapping.columns,
            mapping.summary_rows,
            "country" not in mapping.columns,
            [status.casefold() for status in mapping.cancelled],
            [status.casefold() for status in mapping.not_orders],
            list(mapping.include),
        ],
    )


def items(
    number: int, rows: Iterator[list[str]], header: Sequence[str], mapping: OrderMapping
) -> Iterator[tuple[object, ...]]:
    """The rows of a file as `source_item` holds them. A column that it has not is empty."""
    layout = mapping.layout(header)
    meant = [layout.column_of(name) for name in header]
    places = {role: meant.index(name) for role, name in mapping.columns.items()}
    titles = {role: squeezed(name) for role, name in mapping.columns.items()}
    for row, values in enumerate(rows, 1):
        odd = len(values) != len(header)
        texts = {role: "" if odd else values[at].strip() for role, at in places.items()}
        again = any(
            squeezed(texts.get(role, "")) == titles[role]
            for role in ("order", "time", "cancelled_at")
            if role in titles
        )
        if mapping.html:
            texts["product_name"] = html.unescape(texts.get("product_name", ""))
        told = (texts.get(role, "") for role in _ROLES)
        yield number, row, len(values), again, layout.is_footer(values), *told


def load_events(connection: duckdb.DuckDBPyConnection) -> None:
    """Name the events of `export_position`."""
    statement = (
        "SELECT file, edition, position, run, number, kind, place, shift_us FROM export_position"
    )
    for batch in read(connection, statement):
        events: list[tuple[object, ...]] = []
        ids: list[tuple[object, ...]] = []
        for *where, run, number, kind, place, shift in batch:
            event_id = replayed_order_id(
                str(where[1]), str(number), cast(OrderKind, kind), cast(int, place)
            )
            events.append((*where, ORDERS.name, event_id, run))
            ids.append((event_id, *where, kind, place, shift))
        fill(connection, "source_event", events)
        fill(connection, "export_id", ids)
