"""Registries of Glue that moto stands for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from moto import mock_aws


@contextmanager
def glue_with(*registries: str) -> Iterator[Any]:
    """A client of a Glue that holds these registries, and nothing in them."""
    with mock_aws():
        client = boto3.client(
            "glue",
            region_name="eu-central-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )
        for registry in registries:
            client.create_registry(RegistryName=registry)
        yield client
