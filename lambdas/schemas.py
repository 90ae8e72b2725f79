"""The schema registry as the functions reach it."""

from __future__ import annotations

from functools import cache

import boto3

from contracts.registry import Registry
from contracts.registry.opening import open_registry


@cache
def registry(spec: str) -> Registry:
    """The registry of ``bundled`` or ``glue:NAME``; what it has read stays between invocations."""
    client = boto3.client("glue") if spec.startswith("glue:") else None
    return open_registry(spec, glue_client=client)
