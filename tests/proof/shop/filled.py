"""A small shop whose answers are what the proofs themselves derive."""

from __future__ import annotations

from datetime import timedelta

import duckdb

from contracts.tables.columns import Table
from contracts.tables.questions import ANSWERS
from proof.alerts.rules import default_rules
from proof.comparing import derived_relation, hot_entries
from proof.judging import answer_checks
from proof.questions import find_proofs
from proof.relations import connect, prepare
from readers.filling import fill
from tests.proof.shop.events import MINUTE, START, micros
from tests.proof.shop.records import put
from tests.proof.shop.stores import Shop


def filled() -> duckdb.DuckDBPyConnection:
    """A shop with orders and clicks, whose answers are what the proofs derive, in every store."""
    shop = Shop.usual()
    shop.visit()
    connection = connect()
    shop.open_lake(connection)
    fill(connection, "hot.moment", [(micros(START) + 60 * MINUTE,)])
    prepare(connection)
    answer_checks(connection, ANSWERS, find_proofs(default_rules()))
    for answer in ANSWERS:
        table = f"answers.{answer.table.name}"
        names = ", ".join(column.name for column in answer.proved)
        key = ", ".join(answer.table.key)
        derived = (
            f"SELECT {names}{_sets(answer.table)} FROM {derived_relation(answer)} ORDER BY {key}"
        )
        connection.execute(f"INSERT INTO {table} BY NAME {derived}")
        if gold := answer.gold_table:
            published = ", ".join(gold.names)
            connection.execute(
                f"INSERT INTO {gold.name} BY NAME SELECT {published} FROM {table} ORDER BY {key}"
            )
            mark = {"table_name": gold.name, "closed_until": START + timedelta(days=9)}
            put(connection, "answers.published", [mark])
        for keys in answer.hot:
            connection.execute(
                f"INSERT INTO hot.entries SELECT ?, key, entry, value "
                f"FROM ({hot_entries(answer, keys)}) ORDER BY ALL",
                [keys.template],
            )
    return connection


def _sets(table: Table) -> str:
    """A set that no proof derives, with as many members as the column with its size says."""
    sizes = {column.generated: column.name for column in table.columns}
    return "".join(
        f", range({size})::VARCHAR[] AS {column.name}"
        for column in table.columns
        if column.type == "texts" and (size := sizes.get(f"cardinality({column.name})"))
    )
