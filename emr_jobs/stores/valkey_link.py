"""A connection to one node of Valkey: a password on a laptop; TLS and a token of the caller's AWS
identity on AWS."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass

import hiredis

from emr_jobs.stores.valkey_cluster import Endpoint, Link, Reply, packed

CONNECT_SECONDS = 3.0
ANSWER_SECONDS = 10.0
# ElastiCache ends a connection 12 hours after its last sign-in; a token is good for 15 minutes.
SIGN_IN_AGAIN_SECONDS = 6 * 3600.0

# User and secret for the next sign-in.
Credentials = Callable[[], tuple[str, str]]


@dataclass(frozen=True)
class Door:
    """How nodes are reached: `tls`, and what is said at the door."""

    credentials: Credentials
    tls: bool = False

    def open(self, endpoint: Endpoint) -> Link:
        return ValkeyLink(endpoint, self)


class ValkeyLink:
    """Raises OSError when the node is gone or does not let us in."""

    def __init__(
        self, endpoint: Endpoint, door: Door, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._door, self._clock = door, clock
        connection: socket.socket = socket.create_connection(endpoint, timeout=CONNECT_SECONDS)
        if door.tls:
            context = ssl.create_default_context()
            connection = context.wrap_socket(connection, server_hostname=endpoint[0])
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.settimeout(ANSWER_SECONDS)
        self._socket = connection
        self._reader = hiredis.Reader()
        self._signed_in_at = 0.0
        self._sign_in()

    def send(self, payload: bytes) -> None:
        if self._clock() - self._signed_in_at > SIGN_IN_AGAIN_SECONDS:
            self._sign_in()
        self._socket.sendall(payload)

    def replies(self, number: int) -> list[Reply]:
        found: list[Reply] = []
        while len(found) < number:
            reply = self._reader.gets()
            if reply is not False:
                found.append(reply)
                continue
            received = self._socket.recv(65_536)
            if not received:
                raise ConnectionResetError("the node closed the connection")
            self._reader.feed(received)
        return found

    def close(self) -> None:
        self._socket.close()

    def _sign_in(self) -> None:
        self._signed_in_at = self._clock()
        user, secret = self._door.credentials()
        self._socket.sendall(packed(["AUTH", user, secret]))
        (answer,) = self.replies(1)
        if isinstance(answer, Exception):
            self.close()
            raise PermissionError(f"Valkey does not let {user} in: {answer}")
