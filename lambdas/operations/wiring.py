"""Postgres as the operators' function reads it, and mends it; Kafka as it reads that."""

from __future__ import annotations

from typing import Any

from contracts.registry import Registry
from lambdas.database import Connection
from lambdas.kafka_brokers import way_in
from lambdas.operations.logic import MAX_ROWS, Tail
from readers.kafka import open_consumer
from readers.records import document, partitions_of, records

# A person waits for the answer, and others use the database meanwhile.
_LIMITS = "SET statement_timeout = '20s'; SET default_transaction_read_only = on"


def read(connection: Connection, statement: str) -> tuple[list[str], list[tuple[object, ...]]]:
    """Column names, and at most one row more than MAX_ROWS; raises psycopg.Error. A cursor of the
    server takes one SELECT and nothing else."""
    connection.execute(_LIMITS)
    with connection.transaction(), connection.cursor(name="answer") as cursor:
        cursor.execute(statement.encode())
        rows = cursor.fetchmany(MAX_ROWS + 1)
        return [column.name for column in cursor.description or ()], rows


def mend(connection: Connection, remedy: str) -> tuple[list[str], list[tuple[object, ...]]]:
    """Column names and rows of what a remedy changed; raises psycopg.Error."""
    cursor = connection.execute(remedy.encode())
    return [column.name for column in cursor.description or ()], cursor.fetchall()


def newest(wanted: Tail, kafka: str, schemas: Registry) -> list[dict[str, Any]]:
    """The records, oldest first; raises ShopstreamError. `kafka` is the ARN of a cluster, or
    ``broker:port`` of one without IAM."""
    servers, sign_in = way_in(kafka)
    with open_consumer(servers, sign_in=sign_in) as consumer:
        partitions = partitions_of(consumer, wanted.topic)
        found = records(
            consumer, partitions, from_beginning=False, follow=False, last=wanted.last, key=None
        )
        return [document(each, schemas) for each in found]
