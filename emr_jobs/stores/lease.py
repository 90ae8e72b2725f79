"""Drivers in Postgres: the row with the epoch, the heartbeat, and a lock that dies with us."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager

import psycopg
from psycopg.rows import class_row

from emr_jobs.kernel.lease import DriverRow, Lease
from emr_jobs.stores.postgres import Pg

HEARTBEAT_SECONDS = 3

_SILENT = "extract(epoch FROM clock_timestamp() - heartbeat_at)::float8 AS silent_seconds"


class PostgresDrivers:
    """The rows of `applications`."""

    def __init__(self, connection: Pg) -> None:
        self._connection = connection

    def transaction(self) -> AbstractContextManager[object]:
        return self._connection.transaction()

    def claimed_driver(self, application: str) -> DriverRow:
        self._connection.execute(
            "INSERT INTO applications (name, epoch, driver, state, started_at, heartbeat_at) "
            "VALUES (%s, 0, '', 'stopped', now(), 'epoch') ON CONFLICT DO NOTHING",
            (application,),
        )
        row = locked_driver(self._connection, application, "UPDATE")
        assert row is not None
        return row

    def lock(self, application: str) -> bool:
        row = self._connection.execute(
            "SELECT pg_try_advisory_lock(hashtext('shopstream.driver'), hashtext(%s))",
            (application,),
        ).fetchone()
        return row is not None and row[0] is True

    def put(self, lease: Lease) -> None:
        self._connection.execute(
            "UPDATE applications SET epoch = %s, driver = %s, state = 'starting', detail = '', "
            "started_at = clock_timestamp(), heartbeat_at = clock_timestamp() WHERE name = %s",
            (lease.epoch, lease.driver, lease.application),
        )

    def report(self, lease: Lease, state: str, detail: str = "") -> bool:
        """Set the application's state and beat its heart; False when the epoch was raised."""
        updated = self._connection.execute(
            "UPDATE applications SET state = %s, detail = %s, heartbeat_at = clock_timestamp() "
            "WHERE name = %s AND epoch = %s",
            (state, detail, lease.application, lease.epoch),
        )
        return updated.rowcount == 1

    def beat(self, lease: Lease) -> bool:
        """Beat the heart alone; False when the epoch was raised."""
        beat = self._connection.execute(
            "UPDATE applications SET heartbeat_at = clock_timestamp() "
            "WHERE name = %s AND epoch = %s",
            (lease.application, lease.epoch),
        )
        return beat.rowcount == 1


def locked_driver(connection: Pg, application: str, strength: str) -> DriverRow | None:
    """The driver's row, locked FOR `strength` until the transaction ends."""
    statement = f"SELECT epoch, driver, {_SILENT} FROM applications WHERE name = %s FOR {strength}"
    cursor = connection.cursor(row_factory=class_row(DriverRow))
    return cursor.execute(statement.encode(), (application,)).fetchone()


class Heartbeat:
    """Beats in the background, holding the lock, until stopped or superseded. Begins with the
    connection that took the lease."""

    def __init__(self, connect: Callable[[], Pg], lease: Lease, connection: Pg) -> None:
        self._connect = connect
        self._lease = lease
        self._connection = connection
        self._stop = threading.Event()
        self.superseded = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(timeout=10)

    def _run(self) -> None:
        connection, held = self._connection, self._lease.locked
        while not self._stop.is_set() and not self.superseded.is_set():
            drivers = PostgresDrivers(connection)
            try:
                # After a take-over the lock is still with the older driver until it leaves.
                held = held or drivers.lock(self._lease.application)
                if not drivers.beat(self._lease):
                    self.superseded.set()
                self._stop.wait(HEARTBEAT_SECONDS)
            except psycopg.OperationalError:
                # Postgres restarts: the batch in progress fails loudly; the heart comes back.
                held = False
                self._stop.wait(HEARTBEAT_SECONDS)
                connection = self._reconnected(connection)
        connection.close()

    def _reconnected(self, broken: Pg) -> Pg:
        try:
            return self._connect()
        except psycopg.OperationalError:
            return broken
