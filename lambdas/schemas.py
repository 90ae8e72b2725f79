"""The schema registry that the functions read."""

from __future__ import annotations

from functools import cache

import boto3

from contracts.registry import Registry
from contracts.registry.opening import open_registry


@cache
def registry(spec: str) -> Registry:
    """The registry of ``bundled`` or ``glue:NAME``. It keeps between calls what it has read."""
    client = boto3.client("glue") if spec.startswith("glue:") else None
    return open_registry(spec, glue_client=client)
