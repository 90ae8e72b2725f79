"""Clients of AWS; imported only where the endpoints are on AWS: a laptop needs none of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from urllib.parse import urlencode

import boto3
from botocore.model import ServiceId
from botocore.signers import RequestSigner

from contracts.registry import Registry
from contracts.registry.opening import open_registry
from emr_jobs.stores.metric_log import MetricLog


def rds_token(host: str, port: int, user: str) -> str:
    """A token of the caller's AWS identity, signed here: nothing is asked of AWS."""
    token: str = boto3.client("rds").generate_db_auth_token(
        DBHostname=host, Port=port, DBUsername=user
    )
    return token


def elasticache_token(cache: str, user: str) -> str:
    """A token for a user of a replication group, good for 15 minutes: the signed address of a
    request that is never sent (ElastiCache, "Authenticating with IAM")."""
    session = boto3.Session()
    signer = RequestSigner(
        ServiceId("elasticache"),
        session.region_name,
        "elasticache",
        "v4",
        session.get_credentials(),
        session.events,
    )
    url = f"https://{cache}/?{urlencode({'Action': 'connect', 'User': user})}"
    request = {"method": "GET", "url": url, "body": {}, "headers": {}, "context": {}}
    signed: str = signer.generate_presigned_url(
        request, operation_name="connect", expires_in=900, region_name=session.region_name
    )
    return signed.removeprefix("https://")


def glue_registry(spec: str) -> Registry:
    """The registry of ``glue:NAME``."""
    return open_registry(spec, glue_client=boto3.client("glue"))


def metric_log(group: str, writer: str, clock: Callable[[], datetime]) -> MetricLog:
    """A started log of metric lines in the stream `writer`."""
    log = MetricLog(boto3.client("logs"), group, writer, clock)
    log.start()
    return log
