"""A small shop whose answers are what the proofs themselves derive."""

from __future__ import annotations

from datetime import timedelta

import duckdb

from contracts.tables.questions import ANSWERS
from proof.alerts.rules import default_rules
from proof.comparing import derived_relation, hot_entries
from proof.judging import answer_checks
from proof.questions import find_proofs
from proof.relations import connect, prepare
from readers.filling import fill
from tests.proof.shop.events import MINUTE, START, micros, order
from tests.proof.shop.records import put
from tests.proof.shop.stores import Shop


def filled() -> duckdb.DuckDBPyConnection:
    """A shop with orders and clicks, whose answers are what the proofs derive, in every store."""
    shop = Shop.usual()
    shop.visit()
    # Small orders in quick succession, which only a rule of several orders suspects.
    for number, after in enumerate((30, 60, 90), start=20):
        small = order(number, after=after, lines=[("bags", 1, "3.00")], customer="sub_c")
        shop.append(0, small, after=500 + after)
    # And a window in which nothing was placed.
    returned = [("bags", -1, "2.55")]
    shop.append(
        0, order(30, after=9, lines=returned, kind="cancelled", location="Italy"), after=600
    )
    connection = connect()
    shop.open_lake(connection)
    fill(connection, "hot.moment", [(micros(START) + 60 * MINUTE,)])
    prepare(connection)
    answer_checks(connection, ANSWERS, find_proofs(default_rules()))
    for answer in ANSWERS:
        table = f"answers.{answer.table.name}"
        names = ", ".join(column.name for column in answer.proved)
        key = ", ".join(answer.table.key)
        derived = f"SELECT {names} FROM {derived_relation(answer)} ORDER BY {key}"
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
