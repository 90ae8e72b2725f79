"""Who drives an application: an epoch in Postgres, a heartbeat, and a lock that dies with us."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

import psycopg
from psycopg import Connection

from emr_jobs.kernel.errors import DriverRefused, Superseded

# A driver whose lock is held and whose heart beat this recently is alive.
FRESH_SECONDS = 15
HEARTBEAT_SECONDS = 3


@dataclass(frozen=True)
class Lease:
    """One driver's right to commit, until somebody raises the epoch. `locked`: the older driver, if
    there was one, is gone."""

    application: str
    epoch: int
    driver: str
    locked: bool


def take(
    connection: Connection[tuple[object, ...]], application: str, driver: str, *, take_over: bool
) -> Lease:
    """Raise the application's epoch and become its driver. The lock stays with `connection`, which
    is the heart's: it is released the moment the process dies.

    Raises DriverRefused while another driver is alive, unless `take_over`.
    """
    with connection.transaction():
        connection.execute(
            "INSERT INTO applications (name, epoch, driver, state, started_at, heartbeat_at) "
            "VALUES (%s, 0, '', 'stopped', now(), 'epoch') ON CONFLICT DO NOTHING",
            (application,),
        )
        row = connection.execute(
            "SELECT epoch, driver, extract(epoch FROM clock_timestamp() - heartbeat_at)::float8 "
            "FROM applications WHERE name = %s FOR UPDATE",
            (application,),
        ).fetchone()
        assert row is not None
        epoch, other, age = row
        free = lock(connection, application)
        if not take_over and not free and float(str(age)) < FRESH_SECONDS:
            raise DriverRefused(
                f"application {application!r} is driven by {other} (last heartbeat "
                f"{float(str(age)):.0f} s ago); stop that one first, or start this one with "
                "--take-over"
            )
        lease = Lease(application, int(str(epoch)) + 1, driver, free)
        connection.execute(
            "UPDATE applications SET epoch = %s, driver = %s, state = 'starting', detail = '', "
            "started_at = clock_timestamp(), heartbeat_at = clock_timestamp() WHERE name = %s",
            (lease.epoch, driver, application),
        )
    return lease


def lock(connection: Connection[tuple[object, ...]], application: str) -> bool:
    """Try to hold the application's lock for as long as the connection lives."""
    row = connection.execute(
        "SELECT pg_try_advisory_lock(hashtext('shopstream.driver'), hashtext(%s))", (application,)
    ).fetchone()
    return row is not None and row[0] is True


def require(connection: Connection[tuple[object, ...]], lease: Lease) -> None:
    """Lock the application's row for the transaction; Superseded when the epoch was raised."""
    row = connection.execute(
        "SELECT epoch, driver FROM applications WHERE name = %s FOR NO KEY UPDATE",
        (lease.application,),
    ).fetchone()
    if row is None or row[0] != lease.epoch:
        by = "nobody" if row is None else row[1]
        raise Superseded(f"application {lease.application!r} is now driven by {by}")


def report(
    connection: Connection[tuple[object, ...]], lease: Lease, state: str, detail: str = ""
) -> bool:
    """Set the application's state and beat its heart; False when the epoch was raised."""
    updated = connection.execute(
        "UPDATE applications SET state = %s, detail = %s, heartbeat_at = clock_timestamp() "
        "WHERE name = %s AND epoch = %s",
        (state, detail, lease.application, lease.epoch),
    )
    return updated.rowcount == 1


class Heartbeat:
    """Beats in the background, holding the lock, until stopped or superseded. Begins with the
    connection that took the lease."""

    def __init__(
        self,
        connect: Callable[[], Connection[tuple[object, ...]]],
        lease: Lease,
        connection: Connection[tuple[object, ...]],
    ) -> None:
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
            try:
                # After a take-over the lock is still with the older driver until it leaves.
                held = held or lock(connection, self._lease.application)
                self._beat(connection)
                self._stop.wait(HEARTBEAT_SECONDS)
            except psycopg.OperationalError:
                # Postgres restarts: the batch in progress fails loudly; the heart comes back.
                held = False
                self._stop.wait(HEARTBEAT_SECONDS)
                connection = self._reconnected(connection)
        connection.close()

    def _beat(self, connection: Connection[tuple[object, ...]]) -> None:
        beat = connection.execute(
            "UPDATE applications SET heartbeat_at = clock_timestamp() "
            "WHERE name = %s AND epoch = %s",
            (self._lease.application, self._lease.epoch),
        )
        if beat.rowcount == 0:
            self.superseded.set()

    def _reconnected(
        self, broken: Connection[tuple[object, ...]]
    ) -> Connection[tuple[object, ...]]:
        try:
            return self._connect()
        except psycopg.OperationalError:
            return broken
