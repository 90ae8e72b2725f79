"""One look at the counters of a running pipeline."""

from __future__ import annotations

from collections.abc import Callable
from typing import LiteralString

import psycopg

from proof.stores.broker import Broker
from proof.stores.ledger_files import topic_id_text
from proof.waiting import Counters

# Windows that closed this long ago must be in the lake: ingest publishes with every trigger.
PUBLISH_SECONDS = 60


def _unpublished(answers: LiteralString) -> LiteralString:
    """How many rows of an answer that closes are not in gold: one is there when the lake's mark has
    passed both the row's last change and its closing."""
    mark = "(SELECT {} FROM published WHERE table_name = 'gold." + answers + "')"
    return (
        "SELECT count(*) FROM " + answers + " m "
        "WHERE closed_at <= to_timestamp(%s) AND NOT EXISTS ("
        "SELECT 1 FROM published p WHERE p.table_name = 'gold." + answers + "' "
        "AND m.changed_in <= p.changed_in AND m.closed_at <= p.closed_until) "
        "OR closed_at <= " + mark.format("closed_until") + " "
        "AND changed_in > " + mark.format("changed_in")
    )


_CLOSING: tuple[LiteralString, ...] = ("order_metrics", "sessions")
_UNPUBLISHED_ALERTS: LiteralString = """
    SELECT count(*) FROM alerts a WHERE NOT EXISTS (
      SELECT 1 FROM published p
      WHERE p.table_name = 'gold.fraud_alerts' AND a.changed_in <= p.changed_in)
"""
# Batches of clicks.
_NOT_IN_VALKEY: LiteralString = """
    SELECT greatest(0, coalesce((SELECT max(sequence) FROM journal WHERE application = 'clicks'), 0)
      - coalesce((SELECT changed_in FROM published WHERE table_name = 'valkey'), 0))
"""


def look(
    broker: Broker,
    postgres: psycopg.Connection[tuple[object, ...]],
    clock: Callable[[], float],
) -> Counters:
    """Ask Kafka first: what is applied can then only be newer than what was there to apply."""
    partitions = broker.partitions()

    def rows(
        statement: LiteralString, parameters: tuple[object, ...] = ()
    ) -> list[tuple[object, ...]]:
        return postgres.execute(statement, parameters or None).fetchall()

    def number(statement: LiteralString, parameters: tuple[object, ...] = ()) -> int:
        return int(str(rows(statement, parameters)[0][0]))

    with postgres.transaction():
        return Counters(
            partitions,
            {
                (str(application), topic_id_text(str(topic_id)), int(str(partition))): int(
                    str(until)
                )
                for application, topic_id, partition, until in rows(
                    "SELECT application, topic_id, partition, until FROM progress"
                )
            },
            number("SELECT count(*) FROM outbox WHERE sent_at IS NULL"),
            {
                **{
                    f"gold.{answers}": number(_unpublished(answers), (clock() - PUBLISH_SECONDS,))
                    for answers in _CLOSING
                },
                "gold.fraud_alerts": number(_UNPUBLISHED_ALERTS),
                "valkey": number(_NOT_IN_VALKEY),
            },
            {
                str(name): int(str(last))
                for name, last in rows(
                    "SELECT application, max(sequence) FROM journal GROUP BY application"
                )
            },
            {
                str(name): (str(state), str(detail))
                for name, state, detail in rows("SELECT name, state, detail FROM applications")
            },
        )
