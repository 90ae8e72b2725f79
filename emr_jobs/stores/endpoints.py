"""The clients of an application's endpoints."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from types import ModuleType

from contracts.applications import Endpoints
from contracts.registry import Registry
from contracts.registry.opening import open_registry
from contracts.valkey_url import ValkeyUrl
from emr_jobs.stores.postgres import PostgresEndpoint
from emr_jobs.stores.valkey_cluster import ValkeyCluster
from emr_jobs.stores.valkey_link import Door

Write = Callable[[str], None]


def _aws() -> ModuleType:
    # The laptop's applications need no AWS package, which costs 0.3 s to import.
    from emr_jobs.stores import aws  # noqa: PLC0415

    return aws


def postgres_of(endpoints: Endpoints) -> PostgresEndpoint:
    """Postgres, with the way in that the endpoints name."""
    signs = endpoints.postgres_auth == "rds-iam"
    return PostgresEndpoint(endpoints.postgres, _aws().rds_token if signs else None)


def valkey_of(endpoints: Endpoints) -> ValkeyCluster | None:
    """The cluster of Valkey, if there is one."""
    if not endpoints.valkey:
        return None
    url = ValkeyUrl.parse(endpoints.valkey)
    if url.tls:
        token = _aws().elasticache_token
        return ValkeyCluster(
            url.nodes, Door(lambda: (url.user, token(url.cache, url.user)), tls=True).open
        )
    password = Path(url.passfile).read_text().strip()
    return ValkeyCluster(url.nodes, Door(lambda: ("default", password)).open)


def registry_of(endpoints: Endpoints) -> Registry:
    """The schema registry."""
    if not endpoints.registry.startswith("glue:"):
        return open_registry(endpoints.registry)
    registry: Registry = _aws().glue_registry(endpoints.registry)
    return registry


def metric_lines(
    endpoints: Endpoints,
    writer: str,
    clock: Callable[[], datetime],
    stdout: Write,
    stack: ExitStack,
) -> Write:
    """Where metric lines go; a log that is opened for them is closed with `stack`. `writer` names
    the process."""
    kind, _, group = endpoints.metrics.partition(":")
    if kind != "logs":
        return stdout
    log = _aws().metric_log(group, writer, clock)
    stack.callback(log.close)
    write: Write = log.write
    return write
