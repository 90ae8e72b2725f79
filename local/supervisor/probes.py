"""Whether a part is ready. Each is asked in its own protocol: an open port proves too little."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError

# A probe returns "" when the part is ready, else what is still missing.
Probe = Callable[[Mapping[str, Any], float], str]

CONNECT_SECONDS = 3


def ask(ready: Mapping[str, Any], started: float) -> str:
    """Run the probe that a part names. `started` is when its process started, in epoch seconds."""
    if not ready:
        return ""
    return PROBES[ready["probe"]](ready, started)


def _file(ready: Mapping[str, Any], started: float) -> str:
    path = Path(ready["path"])
    try:
        fresh = path.stat().st_mtime >= started - 1
    except FileNotFoundError:
        fresh = False
    return "" if fresh else f"waiting for {path}"


def _kafka(ready: Mapping[str, Any], _started: float) -> str:
    """Ready when this broker itself answers, and its metadata lists it."""
    try:
        admin = KafkaAdminClient(
            bootstrap_servers=ready["server"],
            client_id="shopstream-probe",
            bootstrap_timeout_ms=CONNECT_SECONDS * 1000,
            request_timeout_ms=CONNECT_SECONDS * 1000,
        )
        with closing(admin):
            cluster = admin.describe_cluster()
    except (KafkaError, OSError) as problem:
        return f"no metadata from {ready['server']}: {type(problem).__name__}"
    listed = {broker.get("broker_id", broker.get("node_id")) for broker in cluster["brokers"]}
    if ready["node"] not in listed:
        return f"broker {ready['node']} is not in the cluster's metadata yet"
    return ""


def _postgres(ready: Mapping[str, Any], _started: float) -> str:
    try:
        with psycopg.connect(ready["url"], connect_timeout=CONNECT_SECONDS) as connection:
            connection.execute("SELECT 1")
    except psycopg.Error as problem:
        return f"no answer to SELECT 1: {str(problem).strip().splitlines()[0]}"
    return ""


def _valkey(ready: Mapping[str, Any], _started: float) -> str:
    """Ready when the node answers PING. A demand for the password is an answer too."""
    try:
        with socket.create_connection(("127.0.0.1", ready["port"]), CONNECT_SECONDS) as connection:
            connection.settimeout(CONNECT_SECONDS)
            connection.sendall(b"PING\r\n")
            answer = connection.recv(100).decode(errors="replace").strip()
    except OSError as problem:
        return f"no answer to PING: {problem}"
    return "" if answer.startswith(("+PONG", "-NOAUTH")) else f"PING is answered by {answer!r}"


def _applications(ready: Mapping[str, Any], started: float) -> str:
    """Ready when each application has said `running` since this start."""
    try:
        with psycopg.connect(ready["url"], connect_timeout=CONNECT_SECONDS) as connection:
            rows = connection.execute(
                "SELECT name FROM applications"
                " WHERE state = 'running' AND started_at >= to_timestamp(%s)",
                (started,),
            ).fetchall()
    except psycopg.Error as problem:
        return f"no answer from Postgres: {str(problem).strip().splitlines()[0]}"
    missing = sorted(set(ready["names"]) - {name for (name,) in rows})
    return f"not running yet: {', '.join(missing)}" if missing else ""


PROBES: Mapping[str, Probe] = {
    "file": _file,
    "kafka": _kafka,
    "postgres": _postgres,
    "valkey": _valkey,
    "applications": _applications,
}
