"""Which schema changes are BACKWARD compatible, case by case."""

from __future__ import annotations

import json

import pytest

from contracts.registry.compatibility import breaking_changes
from contracts.schemas import bundled_schemas
from tests.contracts.avro_schemas import (
    TREE,
    array,
    enum,
    field,
    fixed,
    holding,
    logical,
    mapping,
    record,
)

COMPATIBLE = {
    "the same": (holding("long"), holding("long")),
    "doc and unknown properties": (
        record(field("value", "long"), doc="new", owner="shop"),
        holding("long"),
    ),
    "added field with a default": (
        record(field("value", "long"), field("coupon", "string", default="")),
        holding("long"),
    ),
    "added optional field": (
        record(field("value", "long"), field("coupon", ["null", "string"], default=None)),
        holding("long"),
    ),
    "added record with a default": (
        record(
            field("place", record(field("city", "string"), name="Place"), default={"city": "?"}),
            field("value", "long"),
        ),
        holding("long"),
    ),
    "added array and map with defaults": (
        record(
            field("tags", array("string"), default=["new"]),
            field("notes", mapping("long"), default={"a": 1}),
        ),
        record(),
    ),
    "added enum and fixed with defaults": (
        record(
            field("kind", enum("a", "b"), default="b"),
            field("hash", fixed(2), default="\u0000\u00ff"),
        ),
        record(),
    ),
    "removed field": (holding("long"), record(field("old", "string"), field("value", "long"))),
    "removed array of records": (
        holding("long"),
        record(
            field("lines", array(record(field("a", "int"), name="Line"))), field("value", "long")
        ),
    ),
    "other order of fields": (
        record(field("a", "int"), field("b", "string")),
        record(field("b", "string"), field("a", "int")),
    ),
    "renamed field with an alias": (
        record(field("amount", "long", aliases=["total"])),
        record(field("total", "long")),
    ),
    "renamed record with an alias": (
        record(field("value", "long"), name="Purchase", aliases=["Order"]),
        holding("long"),
    ),
    "renamed record with an alias in full": (
        record(field("value", "long"), name="Purchase", aliases=["shop.Order"]),
        holding("long"),
    ),
    "int to long": (holding("long"), holding("int")),
    "int to double": (holding("double"), holding("int")),
    "long to float": (holding("float"), holding("long")),
    "float to double": (holding("double"), holding("float")),
    "string to bytes": (holding("bytes"), holding("string")),
    "bytes to string": (holding("string"), holding("bytes")),
    "became optional": (holding(["null", "long"]), holding("long")),
    "became optional and wider": (holding(["null", "double"]), holding("int")),
    "union got a branch": (holding(["null", "long", "string"]), holding(["null", "long"])),
    "union in another order": (holding(["long", "null"]), holding(["null", "long"])),
    "union shrunk to a type that reads all": (holding("long"), holding(["int", "long"])),
    "enum got a symbol": (holding(enum("a", "b", "c")), holding(enum("a", "b"))),
    "enum lost a symbol and has a default": (
        holding(enum("a", "other", default="other")),
        holding(enum("a", "b", "other")),
    ),
    "renamed enum with an alias": (
        holding(enum("a", name="Sort", aliases=["Kind"])),
        holding(enum("a")),
    ),
    "items promoted": (holding(array("long")), holding(array("int"))),
    "values became optional": (holding(mapping(["null", "string"])), holding(mapping("string"))),
    "a named type used twice": (
        record(field("a", enum("x", "y")), field("b", "shop.Kind")),
        record(field("a", enum("x")), field("b", "shop.Kind")),
    ),
    "a type that holds itself": (TREE, TREE),
    "uuid on a text": (holding(logical("string", "uuid")), holding("string")),
    "an unknown logical type": (holding(logical("string", "postcode")), holding("string")),
    "decimal of the same size": (
        holding(logical("bytes", "decimal", precision=9, scale=2)),
        holding(logical("bytes", "decimal", precision=9, scale=2)),
    ),
}


@pytest.mark.parametrize("name", COMPATIBLE)
def test_compatible(name: str) -> None:
    reader, writer = COMPATIBLE[name]
    assert breaking_changes(reader=json.dumps(reader), writer=json.dumps(writer)) == []


@pytest.mark.parametrize("family", sorted(bundled_schemas()))
def test_every_bundled_version_reads_all_before_it(family: str) -> None:
    versions = bundled_schemas()[family]
    for place, reader in enumerate(versions):
        for writer in versions[: place + 1]:
            assert breaking_changes(reader=reader, writer=writer) == []
