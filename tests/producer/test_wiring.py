"""The schemas whose ids events carry: bundled on a laptop, Glue's on AWS."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from contracts.errors import NotReady
from contracts.schemas import bundled_schemas
from producer.wiring import ProducerEndpoints, open_schemas, written_version

REGION = "eu-central-1"
TEXT = bundled_schemas()["orders"][0]


def endpoints(registry: str) -> ProducerEndpoints:
    return ProducerEndpoints(
        "kafka", "b:1", "msk-iam", REGION, registry, None, str(Path("vault")), None, None
    )


@pytest.fixture
def glue(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        client = boto3.client("glue", region_name=REGION)
        client.create_registry(RegistryName="shop")
        yield client


def test_the_bundled_id_is_the_same_everywhere() -> None:
    found = [
        written_version(open_schemas(endpoints("bundled")), "orders", TEXT).id for _ in range(2)
    ]
    assert found[0] == found[1]


def test_glue_s_own_id(glue: Any) -> None:
    made = glue.create_schema(
        RegistryId={"RegistryName": "shop"},
        SchemaName="orders",
        DataFormat="AVRO",
        Compatibility="BACKWARD",
        SchemaDefinition=TEXT,
    )
    version = written_version(open_schemas(endpoints("glue:shop")), "orders", TEXT)
    assert str(version.id) == made["SchemaVersionId"]


@pytest.mark.parametrize(
    ("registry", "says"),
    [
        pytest.param("glue:shop", "has no version of orders", id="nothing deployed yet"),
        pytest.param("glue:other", "does not tell of orders", id="another name"),
    ],
)
def test_what_is_not_there_is_said(glue: Any, registry: str, says: str) -> None:
    with pytest.raises(NotReady, match=says):
        written_version(open_schemas(endpoints(registry)), "orders", TEXT)
