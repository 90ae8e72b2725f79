"""The Glue client, where it is more than every registry: its errors, and what it remembers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from contracts.registry import (
    BundledRegistry,
    IncompatibleSchema,
    RegistryUnavailable,
    UnknownSchema,
)
from contracts.registry.glue import GlueRegistry
from contracts.registry.opening import open_registry
from tests.contracts.avro_schemas import field, record
from tests.contracts.registry.mocked_glue import glue_with

V1 = json.dumps(record(field("total", "long")))
V2 = json.dumps(record(field("total", "long"), field("coupon", "string", default="")))
NOBODY = UUID("00000000-0000-5000-8000-000000000000")


class Counting:
    """A Glue client that counts its calls, and can be told to fail or to answer differently."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.exceptions = client.exceptions
        self.calls: list[str] = []
        self.failure: Exception | None = None
        self.statuses: list[str] = []

    def __getattr__(self, operation: str) -> Any:
        def call(**arguments: Any) -> Any:
            self.calls.append(operation)
            if self.failure is not None:
                raise self.failure
            answer = getattr(self._client, operation)(**arguments)
            if operation == "get_schema_version" and self.statuses:
                answer["Status"] = self.statuses.pop(0)
            return answer

        return call


@pytest.fixture
def client() -> Iterator[Counting]:
    with glue_with("shop", "other") as glue:
        yield Counting(glue)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def registry(client: Counting, clock: Clock) -> GlueRegistry:
    return GlueRegistry(client, "shop", clock=clock, wait=clock.wait)


def throttled(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "slow down"}}, "GetSchemaVersion")


@pytest.mark.parametrize(
    "failure",
    [
        pytest.param(throttled("ThrottlingException"), id="throttled"),
        pytest.param(throttled("InternalServiceException"), id="internal"),
        pytest.param(throttled("AccessDeniedException"), id="not allowed"),
        pytest.param(EndpointConnectionError(endpoint_url="glue"), id="no connection"),
    ],
)
def test_only_glue_itself_can_say_that_an_id_is_unknown(
    registry: GlueRegistry, client: Counting, failure: Exception
) -> None:
    client.failure = failure
    for ask in (
        lambda: registry.version(NOBODY),
        lambda: registry.latest("orders"),
        lambda: registry.versions("orders"),
        lambda: registry.register("orders", V1),
    ):
        with pytest.raises(RegistryUnavailable):
            ask()


def test_a_fault_of_ours_is_not_an_unavailable_registry(
    registry: GlueRegistry, client: Counting
) -> None:
    client.failure = TypeError("ours")
    with pytest.raises(TypeError):
        registry.version(NOBODY)


def test_a_registry_that_does_not_exist_makes_no_id_unknown(client: Counting) -> None:
    wrong = GlueRegistry(client, "shopp")
    for ask in (lambda: wrong.version(NOBODY), lambda: wrong.latest("orders")):
        with pytest.raises(RegistryUnavailable, match="no Glue registry 'shopp'"):
            ask()


def test_a_version_is_asked_for_once(registry: GlueRegistry, client: Counting) -> None:
    made = registry.register("orders", V1)
    client.calls.clear()
    assert registry.version(made.id) == made
    assert client.calls == []


def test_the_latest_is_asked_for_again_after_a_while(
    registry: GlueRegistry, client: Counting, clock: Clock
) -> None:
    first = registry.register("orders", V1)
    assert registry.latest("orders") == first
    second = GlueRegistry(client, "shop").register("orders", V2)
    clock.now += 9.9
    client.calls.clear()
    assert registry.latest("orders") == first
    assert client.calls == []
    clock.now += 0.1
    assert registry.latest("orders") == second


def test_a_newer_version_in_a_value_is_seen_at_once(
    registry: GlueRegistry, client: Counting
) -> None:
    registry.register("orders", V1)
    assert registry.latest("orders").number == 1
    second = GlueRegistry(client, "shop").register("orders", V2)
    assert registry.version(second.id) == second
    assert registry.latest("orders") == second


def test_a_version_of_another_registry_is_unknown(client: Counting) -> None:
    foreign = GlueRegistry(client, "other").register("orders", V1)
    with pytest.raises(UnknownSchema, match="not a usable version of shop"):
        GlueRegistry(client, "shop").version(foreign.id)


def test_glue_may_take_a_while_to_check(
    registry: GlueRegistry, client: Counting, clock: Clock
) -> None:
    client.statuses = ["PENDING", "PENDING"]
    assert registry.register("orders", V1).number == 1
    assert clock.now == pytest.approx(1.0)


def test_glue_may_take_too_long_to_check(registry: GlueRegistry, client: Counting) -> None:
    client.statuses = ["PENDING"] * 1000
    with pytest.raises(RegistryUnavailable, match="not finished checking"):
        registry.register("orders", V1)


def test_glue_may_refuse_what_we_allow(registry: GlueRegistry, client: Counting) -> None:
    client.statuses = ["FAILURE"]
    with pytest.raises(IncompatibleSchema, match="Glue refused"):
        registry.register("orders", V1)


@pytest.mark.parametrize(
    ("status", "error"),
    [("PENDING", RegistryUnavailable), ("FAILURE", UnknownSchema), ("DELETING", UnknownSchema)],
)
def test_a_version_that_is_not_available(
    client: Counting, status: str, error: type[Exception]
) -> None:
    made = GlueRegistry(client, "shop").register("orders", V1)
    client.statuses = [status]
    with pytest.raises(error):
        GlueRegistry(client, "shop").version(made.id)
    client.statuses = [status]
    assert GlueRegistry(client, "shop").versions("orders") == ()


def test_what_a_serializer_registered_by_itself_is_read(client: Counting) -> None:
    """Serializers of other languages register schemas as they are written, spaces included."""
    spelled = json.dumps(json.loads(V1), indent=4)
    client.create_schema(
        RegistryId={"RegistryName": "shop"},
        SchemaName="orders",
        DataFormat="AVRO",
        Compatibility="BACKWARD",
        SchemaDefinition=spelled,
    )
    registry = GlueRegistry(client, "shop")
    assert registry.register("orders", V1) == registry.latest("orders")
    assert registry.latest("orders").number == 1


def test_specs(client: Counting, tmp_path: Any) -> None:
    assert isinstance(open_registry("bundled"), BundledRegistry)
    assert isinstance(open_registry(f"bundled:{tmp_path}"), BundledRegistry)
    assert isinstance(open_registry("glue:shop", glue_client=client), GlueRegistry)
    for spec in ("", "glue", "glue:", "bundled:", "http://registry"):
        with pytest.raises(ValueError, match="bundled, bundled:FOLDER or glue:REGISTRY"):
            open_registry(spec, glue_client=client)
    with pytest.raises(ValueError, match="a Glue client is needed"):
        open_registry("glue:shop")
