"""Drivers as they show themselves in Postgres: a run can be alive and yet do nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from psycopg.rows import class_row

from contracts.applications import DEAD_AFTER_SECONDS
from lambdas.database import Connection

_SILENT = timedelta(seconds=DEAD_AFTER_SECONDS)
_DRIVERS = """
SELECT name, state, started_at, heartbeat_at, COALESCE(applications.epoch = (
    SELECT epoch FROM journal WHERE application = name ORDER BY sequence DESC LIMIT 1
), FALSE) AS committed
FROM applications
"""


@dataclass(frozen=True)
class Driver:
    """The latest driver of the application `name`. `committed`: the last batch is
    its own."""

    name: str
    state: str
    started_at: datetime
    heartbeat_at: datetime
    committed: bool

    def works(self, since: datetime, now: datetime, *, commits: bool) -> bool:
        """Whether it took the application after `since`, runs, and its heart beats; with `commits`,
        whether it has also committed a batch."""
        alive = self.state == "running" and now - self.heartbeat_at < _SILENT
        return alive and self.started_at >= since and (self.committed or not commits)


def drivers(connection: Connection) -> Mapping[str, Driver]:
    """The latest driver of each application, by the application's name."""
    with connection.cursor(row_factory=class_row(Driver)) as cursor:
        return {driver.name: driver for driver in cursor.execute(_DRIVERS)}
