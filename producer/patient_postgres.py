"""A connection to Postgres whose work waits for a server that restarts."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeAlias, TypeVar

import psycopg

from contracts.errors import NotReady, ShopstreamError, is_postgres_restart
from producer.clock import AwakeTime
from producer.outlets.kafka import DELIVERY_SECONDS
from producer.terminal import tell

Connection: TypeAlias = psycopg.Connection[tuple[Any, ...]]
T = TypeVar("T")

_CONNECT_SECONDS = 10
_TRY_AGAIN_SECONDS = 0.5


class PatientPostgres:
    """Connects at once; NotReady if nobody answers. `held` names what the producer keeps there."""

    def __init__(self, url: str, held: str, patience_seconds: float = DELIVERY_SECONDS) -> None:
        self._url = url
        self._patience_seconds = patience_seconds
        try:
            self._connection = self._connect()
        except psycopg.OperationalError as error:
            raise NotReady(
                f"Postgres, which holds {held}, does not answer: {str(error).strip()}",
                cause="the stack is not running",
                command="shopstream status",
            ) from error

    def keep(self, work: Callable[[Connection], T], refused: str) -> T:
        """As `do`; ShopstreamError that begins with `refused` where Postgres did not keep it."""
        try:
            return self.do(work)
        except psycopg.Error as error:
            raise ShopstreamError(
                f"{refused}: {str(error).strip()}",
                cause="Postgres stopped, or its disk is full",
                command="shopstream status",
            ) from error

    def do(self, work: Callable[[Connection], T]) -> T:
        """What `work` returns. It is done again over a new connection when the server goes, so it
        may be done twice; after as long as an event waits for a broker, its error is raised."""
        waited: AwakeTime | None = None
        while True:
            try:
                return work(self._connection)
            except psycopg.Error as error:
                if not is_postgres_restart(error.sqlstate):
                    raise
                if waited is None:
                    waited = AwakeTime(time.monotonic, _CONNECT_SECONDS + _TRY_AGAIN_SECONDS)
                    tell("Postgres does not answer: nothing is sent until it does")
                if waited.passed() >= self._patience_seconds:
                    raise
            # Events that were handed over before go on to Kafka in threads of its client.
            time.sleep(_TRY_AGAIN_SECONDS)
            with suppress(psycopg.OperationalError):
                self._connection.close()
                self._connection = self._connect()

    def close(self) -> None:
        self._connection.close()

    def _connect(self) -> Connection:
        return psycopg.connect(self._url, autocommit=True, connect_timeout=_CONNECT_SECONDS)
