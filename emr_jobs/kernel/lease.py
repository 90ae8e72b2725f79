"""Who drives an application: one epoch, raised by each driver that begins."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from emr_jobs.kernel.errors import DriverRefused, Superseded

# A driver whose lock is held and whose heart beat this recently is alive.
FRESH_SECONDS = 15


@dataclass(frozen=True)
class DriverRow:
    """An application's row: its driver, and the seconds since that one's heart beat."""

    epoch: int
    driver: str
    silent_seconds: float


@dataclass(frozen=True)
class Lease:
    """One driver's right to commit, until another raises the epoch. `locked`: no older driver
    lives, for this one holds the lock."""

    application: str
    epoch: int
    driver: str
    locked: bool


class DriverRows(Protocol):
    """The store of drivers, through the connection of one driver's heart."""

    def transaction(self) -> AbstractContextManager[object]:
        """All that happens within is stored together or not at all."""

    def claimed_driver(self, application: str) -> DriverRow:
        """The application's row, made when it is missing, locked until the transaction ends."""

    def lock(self, application: str) -> bool:
        """Try to hold the application's lock for as long as the connection lives."""

    def put(self, lease: Lease) -> None:
        """Make the lease's driver the application's."""


def take(rows: DriverRows, application: str, driver: str, *, take_over: bool) -> Lease:
    """Raise the application's epoch and become its driver. The lock stays with the connection of
    `rows`, so it is released the moment the process dies.

    Raises DriverRefused while another driver is alive, unless `take_over`.
    """
    with rows.transaction():
        row = rows.claimed_driver(application)
        free = rows.lock(application)
        if not take_over and not free and row.silent_seconds < FRESH_SECONDS:
            raise DriverRefused(
                f"application {application!r} is driven by {row.driver} (last heartbeat "
                f"{row.silent_seconds:.0f} s ago); stop that one first, or start this one with "
                "--take-over"
            )
        lease = Lease(application, row.epoch + 1, driver, free)
        rows.put(lease)
    return lease


def require(row: DriverRow | None, lease: Lease) -> None:
    """Raise Superseded when the application's epoch is not the lease's any more."""
    if row is None or row.epoch != lease.epoch:
        by = "nobody" if row is None else row.driver
        raise Superseded(f"application {lease.application!r} is now driven by {by}")
