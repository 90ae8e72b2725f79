"""How soon alerts are raised: the time from an order's append in Kafka to its alert's row."""

from __future__ import annotations

from dataclasses import dataclass

from ops.commands.status.stored_rows import stored_rows

WINDOW_MINUTES = 15
_LATENCY = f"""
SELECT count(*) AS alerts,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) AS p50_seconds,
       percentile_cont(0.95) WITHIN GROUP (ORDER BY seconds) AS p95_seconds
FROM (SELECT extract(epoch FROM raised_at - append_time)::double precision AS seconds FROM alerts
      WHERE raised_at > clock_timestamp() - interval '{WINDOW_MINUTES} minutes') AS latest"""


@dataclass(frozen=True)
class AlertLatency:
    """Percentiles of `raised_at - append_time` in seconds; None where there are no alerts.

    They cover the wait in Kafka, the batch, and the statements up to the alert's row. For a rule of
    several orders they count from the last order that broke it. They leave out the time before
    Kafka has the order, the rest of the transaction, and the way to the alerts topic and to people.
    """

    alerts: int
    p50_seconds: float | None
    p95_seconds: float | None


def read_alert_latency(postgres: str) -> AlertLatency | None:
    """The latency of the alerts of the last WINDOW_MINUTES; None while Postgres does not answer or
    has no tables yet."""
    found = stored_rows(postgres, _LATENCY, AlertLatency)
    return found[0] if found else None
