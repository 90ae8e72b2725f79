"""How soon alerts are raised: from the append of an order in Kafka to the row of its alert."""

from __future__ import annotations

from dataclasses import dataclass

import psycopg

WINDOW_MINUTES = 15
_CONNECT_SECONDS = 2
_LATENCY = f"""
SELECT count(*), percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY seconds)
FROM (SELECT extract(epoch FROM raised_at - append_time)::double precision AS seconds FROM alerts
      WHERE raised_at > clock_timestamp() - interval '{WINDOW_MINUTES} minutes') AS latest"""


@dataclass(frozen=True)
class AlertLatency:
    """Percentiles in seconds of `raised_at - append_time`, None where there are no alerts.

    They cover the wait in Kafka, the batch and the statements up to the alert's row: for a rule of
    several orders, from the last of those that broke it. They leave out what comes before Kafka has
    the order, the rest of the transaction, and the way to the alerts topic and to who is told.
    """

    alerts: int
    p50_seconds: float | None
    p95_seconds: float | None


def read_alert_latency(postgres: str) -> AlertLatency | None:
    """Of alerts raised in the last WINDOW_MINUTES; None while Postgres is not there or has no
    tables yet."""
    try:
        with psycopg.connect(postgres, connect_timeout=_CONNECT_SECONDS) as connection:
            row = connection.execute(_LATENCY.encode()).fetchone()
    except (psycopg.OperationalError, psycopg.errors.UndefinedTable):
        return None
    assert row is not None
    p50, p95 = row[1] or (None, None)
    return AlertLatency(row[0], p50, p95)
