"""What is not an Avro schema is refused, whatever fastavro would make of it."""

from __future__ import annotations

import json

import pytest

from contracts.registry.schema_text import SchemaError, parsed
from contracts.schemas import bundled_schemas
from tests.contracts.avro_schemas import enum, field, record


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("{", id="cut json"),
        pytest.param("{}", id="no type"),
        pytest.param('"strin"', id="unknown type"),
        pytest.param('{"type": "record", "name": "A"}', id="record without fields"),
        pytest.param('{"type": "record", "name": "A", "fields": 7}', id="fields are no list"),
        pytest.param('{"type": "enum", "name": "1", "symbols": ["a"]}', id="bad name"),
        pytest.param('{"type": "enum", "name": "A"}', id="enum without symbols"),
        pytest.param("7", id="a number"),
        pytest.param(json.dumps(record(field("a", "int"), field("a", "int"))), id="a name twice"),
        pytest.param(json.dumps(enum("a", "a")), id="a symbol twice"),
        pytest.param(json.dumps(enum("ä")), id="a symbol of other letters"),
        pytest.param(json.dumps(record(field("a-b", "int"))), id="a field with a hyphen"),
        pytest.param(json.dumps(record(field("a", [["int"]]))), id="a union within a union"),
        pytest.param(json.dumps(record(field("a", ["int", "int"]))), id="a branch twice"),
        pytest.param(json.dumps(record(field("a", []))), id="a union of nothing"),
        pytest.param(json.dumps(record(field("a", "int", default="x"))), id="a wrong default"),
        pytest.param("[" * 100_000, id="100,000 deep"),
    ],
)
def test_what_is_no_schema_is_named_so(text: str) -> None:
    with pytest.raises(SchemaError):
        parsed(text)


def test_bundled_schemas_are_schemas() -> None:
    for versions in bundled_schemas().values():
        for text in versions:
            parsed(text)


def test_names_are_in_full() -> None:
    names: dict[str, object] = {}
    parsed(json.dumps(record(field("kind", enum("a")))), names)
    assert sorted(names) == ["shop.Kind", "shop.Order"]
