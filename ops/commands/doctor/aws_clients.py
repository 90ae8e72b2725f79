"""Clients of AWS, and the quotas of an account."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import boto3
from botocore.exceptions import ClientError

# A client of a service by its name.
Clients = Callable[[str], Any]


def clients(region: str | None) -> Clients:
    """Clients of the usual credentials and profile; AWS_ENDPOINT_URL aims them elsewhere."""
    made: Clients = boto3.Session(region_name=region).client
    return made


def quota(clients: Clients, service: str, code: str) -> float:
    """What the account may have; where it was never given a value of its own, AWS's default."""
    quotas = clients("service-quotas")
    try:
        answer = quotas.get_service_quota(ServiceCode=service, QuotaCode=code)
    except ClientError as problem:
        if code_of(problem) != "NoSuchResourceException":
            raise
        answer = quotas.get_aws_default_service_quota(ServiceCode=service, QuotaCode=code)
    return float(answer["Quota"]["Value"])


def code_of(problem: ClientError) -> str:
    """The service's own name of the error."""
    return str(problem.response["Error"]["Code"])


def answers(absent: str, ask: Callable[[], object]) -> bool:
    """Whether what is asked for exists; `absent` is the service's error code where it does not."""
    try:
        ask()
    except ClientError as problem:
        if code_of(problem) != absent:
            raise
        return False
    return True
