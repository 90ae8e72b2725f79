"""What every registry promises, checked for each one: memory, a folder, Glue (moto)."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import fastavro
import pytest

from contracts.codec import decode, encode, header
from contracts.events import Order, as_record, from_record
from contracts.registry import (
    BundledRegistry,
    IncompatibleSchema,
    InvalidSchema,
    MemoryStore,
    Registry,
    UnknownSchema,
)
from contracts.registry.folder import FolderStore
from contracts.registry.glue import GlueRegistry
from contracts.schemas import bundled_schemas, canonical
from contracts.topics import ORDERS
from tests.contracts.avro_schemas import field, record
from tests.contracts.handmade import APPEND_TIME, order
from tests.contracts.registry.mocked_glue import glue_with

# Makes one more client of the same registry, as another process would.
Open = Callable[[], Registry]
NOBODY = UUID("00000000-0000-5000-8000-000000000000")

V1 = json.dumps(record(field("total", "long")))
V2 = json.dumps(record(field("total", "long"), field("coupon", "string", default="")))
V3 = json.dumps(record(field("coupon", "string", default="")))
BREAKING = json.dumps(record(field("total", "int")))


def memory(tmp_path: Path) -> Iterator[Open]:
    store = MemoryStore({})
    yield lambda: BundledRegistry(store)


def folder(tmp_path: Path) -> Iterator[Open]:
    yield lambda: BundledRegistry(FolderStore(tmp_path / "schemas", {}))


def glue(tmp_path: Path) -> Iterator[Open]:
    with glue_with("shop") as client:
        yield lambda: GlueRegistry(client, "shop", fresh_for=0)


@pytest.fixture(
    params=[pytest.param(make, id=make.__name__) for make in (memory, folder, glue)],
)
def open_one(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    yield from request.param(tmp_path)


@pytest.fixture
def registry(open_one: Open) -> Registry:
    return open_one()


def test_a_family_without_versions(registry: Registry) -> None:
    assert list(registry.versions("orders")) == []
    with pytest.raises(UnknownSchema, match="orders"):
        registry.latest("orders")


def test_an_id_that_nobody_registered(registry: Registry) -> None:
    with pytest.raises(UnknownSchema, match=str(NOBODY)):
        registry.version(NOBODY)
    registry.register("orders", V1)
    with pytest.raises(UnknownSchema, match=str(NOBODY)):
        registry.version(NOBODY)


def test_a_registered_version_is_found_by_id_and_is_the_latest(registry: Registry) -> None:
    made = registry.register("orders", V1)
    assert (made.family, made.number, made.schema) == ("orders", 1, canonical(V1))
    assert registry.version(made.id) == made
    assert registry.latest("orders") == made
    assert list(registry.versions("orders")) == [made]


def test_versions_are_in_order_and_keep_their_ids(registry: Registry) -> None:
    made = [registry.register("orders", text) for text in (V1, V2, V3)]
    assert [version.number for version in made] == [1, 2, 3]
    assert len({version.id for version in made}) == 3
    assert list(registry.versions("orders")) == made
    assert registry.latest("orders") == made[-1]
    assert [registry.version(version.id) for version in made] == made


def test_the_same_schema_again_is_the_version_it_already_is(registry: Registry) -> None:
    first = registry.register("orders", V1)
    second = registry.register("orders", V2)
    other_spelling = json.dumps(json.loads(V1), indent=3, sort_keys=True)
    assert registry.register("orders", other_spelling) == first
    assert list(registry.versions("orders")) == [first, second]


def test_families_are_apart(registry: Registry) -> None:
    orders = registry.register("orders", V1)
    clicks = registry.register("clicks", V1)
    assert orders.id != clicks.id
    assert registry.version(clicks.id).family == "clicks"
    assert clicks.number == 1
    assert list(registry.versions("orders")) == [orders]


def test_an_incompatible_version_is_refused_and_leaves_no_trace(registry: Registry) -> None:
    first = registry.register("orders", V1)
    with pytest.raises(IncompatibleSchema, match=r"Order\.total: written as long, read as int"):
        registry.register("orders", BREAKING)
    assert list(registry.versions("orders")) == [first]
    assert registry.register("orders", V2).number == 2


@pytest.mark.parametrize("text", ["", "{}", '"strin"', '{"type": "record", "name": "A"}'])
def test_what_is_no_schema_is_refused(registry: Registry, text: str) -> None:
    with pytest.raises(InvalidSchema):
        registry.register("orders", text)
    assert list(registry.versions("orders")) == []


@pytest.mark.parametrize("family", ["", "..", "a/b", "Orders", "a b"])
def test_a_family_is_a_plain_name(registry: Registry, family: str) -> None:
    with pytest.raises(InvalidSchema):
        registry.register(family, V1)


def test_another_process_sees_what_was_registered(open_one: Open) -> None:
    one, other = open_one(), open_one()
    first = one.register("orders", V1)
    assert other.version(first.id) == first
    assert other.latest("orders") == first
    second = other.register("orders", V2)
    assert one.latest("orders") == second
    assert one.version(second.id) == second
    assert open_one().versions("orders") == one.versions("orders")


def test_values_of_both_versions_decode_while_a_process_runs(open_one: Open) -> None:
    reader = open_one()
    v1 = json.loads(bundled_schemas()["orders"][0])
    v2 = v1 | {"fields": [*v1["fields"], field("coupon", ["null", "string"], default=None)]}
    old = reader.register("orders", json.dumps(v1))
    event = _order()
    assert decode(ORDERS, encode(event, old), APPEND_TIME, reader) == event
    new = open_one().register("orders", json.dumps(v2))
    value = _with_coupon(event, new.schema, new.id)
    assert decode(ORDERS, value, APPEND_TIME, reader) == event
    assert decode(ORDERS, encode(event, old), APPEND_TIME, reader) == event


def _order() -> Order:
    event = from_record(ORDERS, order())
    assert isinstance(event, Order)
    return event


def _with_coupon(event: Order, schema: str, schema_id: UUID) -> bytes:
    body = io.BytesIO()
    values: dict[str, Any] = as_record(event) | {"coupon": "SPRING"}
    fastavro.schemaless_writer(body, fastavro.parse_schema(json.loads(schema)), values)
    return header(schema_id) + body.getvalue()
