"""Clients of the places an application is told."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from types import ModuleType

from contracts.applications import Places
from contracts.registry import Registry
from contracts.registry.opening import open_registry
from contracts.valkey_url import ValkeyUrl
from emr_jobs.stores.postgres import PostgresPlace
from emr_jobs.stores.valkey_cluster import ValkeyCluster
from emr_jobs.stores.valkey_link import Door

Write = Callable[[str], None]


def _aws() -> ModuleType:
    # The laptop's applications need no AWS package, which costs 0.3 s to import.
    from emr_jobs.stores import aws  # noqa: PLC0415

    return aws


def postgres_of(places: Places) -> PostgresPlace:
    """Postgres, with the way in that the places name."""
    signs = places.postgres_auth == "rds-iam"
    return PostgresPlace(places.postgres, _aws().rds_token if signs else None)


def valkey_of(places: Places) -> ValkeyCluster | None:
    """The cluster of Valkey, if there is one."""
    if not places.valkey:
        return None
    url = ValkeyUrl.parse(places.valkey)
    if url.tls:
        token = _aws().elasticache_token
        return ValkeyCluster(
            url.nodes, Door(lambda: (url.user, token(url.cache, url.user)), tls=True).open
        )
    password = Path(url.passfile).read_text().strip()
    return ValkeyCluster(url.nodes, Door(lambda: ("default", password)).open)


def registry_of(places: Places) -> Registry:
    """The schema registry."""
    if not places.registry.startswith("glue:"):
        return open_registry(places.registry)
    registry: Registry = _aws().glue_registry(places.registry)
    return registry


def metric_lines(
    places: Places, writer: str, clock: Callable[[], datetime], stdout: Write, stack: ExitStack
) -> Write:
    """Where metric lines go; a log that is opened for them is closed with `stack`. `writer` names
    the process."""
    kind, _, group = places.metrics.partition(":")
    if kind != "logs":
        return stdout
    log = _aws().metric_log(group, writer, clock)
    stack.callback(log.close)
    write: Write = log.write
    return write
