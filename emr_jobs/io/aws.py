"""Clients of AWS; imported only where the places are AWS's, for a laptop needs none of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import boto3

from contracts.registries import open_registry
from contracts.registry import Registry
from emr_jobs.io.metric_log import MetricLog


def rds_token(host: str, port: int, user: str) -> str:
    """A token of the caller's AWS identity, signed here: nothing is asked of AWS."""
    token: str = boto3.client("rds").generate_db_auth_token(
        DBHostname=host, Port=port, DBUsername=user
    )
    return token


def glue_registry(spec: str) -> Registry:
    """The registry of ``glue:NAME``."""
    return open_registry(spec, glue_client=boto3.client("glue"))


def metric_log(group: str, writer: str, clock: Callable[[], datetime]) -> MetricLog:
    """A started log of metric lines in the stream `writer`."""
    log = MetricLog(boto3.client("logs"), group, writer, clock)
    log.start()
    return log
