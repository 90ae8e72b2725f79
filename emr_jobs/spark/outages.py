"""Which errors say that a part of the stack does not answer now, and may answer in a moment."""

from __future__ import annotations

import psycopg
from kafka.errors import KafkaError

from contracts.errors import is_postgres_restart
from emr_jobs.kernel.errors import Conflict, Stopped, Superseded

# What Java's clients say when Postgres or Kafka restarts. Spark hands their errors on as text.
_OF_JAVA = (
    "terminating connection due to",
    "the database system is starting up",
    "the database system is shutting down",
    "the database system is not yet accepting connections",
    "This connection has been closed",
    "An I/O error occurred while sending to the backend",
    "Connection refused",
    "The connection attempt failed",
    "org.apache.kafka.common.errors.TimeoutException",
    "org.apache.kafka.common.errors.DisconnectException",
    # Spark's own words for a broker that sent nothing within 120 s. A sleep counts.
    "Cannot fetch record for offset",
)


def is_outage(error: BaseException) -> bool:
    """Whether a part of the stack did not answer. What was being done left nothing, or was done
    whole: it may be done again over new connections."""
    if isinstance(error, Stopped | Superseded | Conflict):
        # They may quote what Spark said.
        return False
    if isinstance(error, psycopg.OperationalError):
        # A statement that was canceled or that found no room is not mended by a new connection.
        return is_postgres_restart(error.sqlstate)
    if isinstance(error, KafkaError):
        return bool(error.retriable)
    if isinstance(error, OSError):
        return isinstance(error, ConnectionError)
    return any(said in str(error) for said in _OF_JAVA)
