"""Which schema changes are BACKWARD compatible, case by case."""

from __future__ import annotations

import json
from typing import Any

import pytest

from contracts.registry.compatibility import breaking_changes
from contracts.schemas import bundled_schemas
from tests.contracts.avro_schemas import array, enum, field, fixed, logical, mapping, record


def holding(kind: Any, **more: Any) -> dict[str, Any]:
    return record(field("value", kind, **more))


MICROS = logical("long", "timestamp-micros")
TREE = record(field("next", ["null", "shop.Order"], default=None), field("total", "long"))

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

BREAKING = {
    "added field without a default": (
        record(field("value", "long"), field("coupon", "string")),
        holding("long"),
        "Order.coupon: was never written and has no default",
    ),
    "added optional field without a default": (
        record(field("value", "long"), field("coupon", ["null", "string"])),
        holding("long"),
        "Order.coupon: was never written and has no default",
    ),
    "renamed field without an alias": (
        record(field("amount", "long")),
        record(field("total", "long")),
        "Order.amount: was never written and has no default",
    ),
    "default of the second branch": (
        record(field("coupon", ["string", "null"], default=None)),
        record(),
        "Order.coupon: the default null does not fit its type",
    ),
    "default out of range": (
        record(field("quantity", ["int", "null"], default=2**31)),
        record(),
        "Order.quantity: the default 2147483648 does not fit its type",
    ),
    "default of a record that lacks a field": (
        record(field("place", record(field("city", "string"), name="Place"), default={})),
        record(),
        "Order.place: the default {} does not fit its type",
    ),
    "default symbol that is none": (
        record(field("kind", enum("a"), default="b")),
        record(),
        'Order.kind: the default "b" does not fit its type',
    ),
    "long to int": (
        holding("int"),
        holding("long"),
        "Order.value: written as long, read as int",
    ),
    "double to long": (
        holding("long"),
        holding("double"),
        "Order.value: written as double, read as long",
    ),
    "string to long": (
        holding("long"),
        holding("string"),
        "Order.value: written as string, read as long",
    ),
    "int to string": (
        holding("string"),
        holding("int"),
        "Order.value: written as int, read as string",
    ),
    "boolean to int": (
        holding("int"),
        holding("boolean"),
        "Order.value: written as boolean, read as int",
    ),
    "record to map": (
        holding(mapping("string")),
        holding(record(field("a", "string"), name="Place")),
        "Order.value: written as record shop.Place, read as map",
    ),
    "stopped being optional": (
        holding("long"),
        holding(["null", "long"]),
        "Order.value: written as null, read as long",
    ),
    "union lost a branch": (
        holding(["null", "long"]),
        holding(["null", "long", "string"]),
        "Order.value: written as string, which is none of null, long",
    ),
    "optional, but narrower": (
        holding(["null", "int"]),
        holding("long"),
        "Order.value: written as long, which is none of null, int",
    ),
    "first branch that looks alike does not fit": (
        holding(["null", record(field("b", "int"), name="Place")]),
        holding(record(field("a", "int"), name="Place")),
        "Order.value.b: was never written and has no default",
    ),
    "enum lost symbols": (
        holding(enum("a")),
        holding(enum("a", "b", "c")),
        "Order.value: b, c can no longer be read and there is no default symbol",
    ),
    "renamed record": (
        record(field("value", "long"), name="Purchase"),
        holding("long"),
        "Purchase: written as record shop.Order, read as record shop.Purchase, which has no alias "
        "for it",
    ),
    "record moved to another namespace": (
        holding("long") | {"namespace": "other"},
        holding("long"),
        "Order: written as record shop.Order, read as record other.Order, which has no alias "
        "for it",
    ),
    "renamed enum": (
        holding(enum("a", name="Sort")),
        holding(enum("a")),
        "Order.value: written as enum shop.Kind, read as enum shop.Sort, which has no alias for it",
    ),
    "fixed of another size": (
        holding(fixed(8)),
        holding(fixed(16)),
        "Order.value: written with 16 bytes, read with 8",
    ),
    "items of another type": (
        holding(array("int")),
        holding(array("string")),
        "Order.value[]: written as string, read as int",
    ),
    "values of another type": (
        holding(mapping("int")),
        holding(mapping("string")),
        "Order.value{}: written as string, read as int",
    ),
    "deep inside": (
        record(field("lines", array(record(field("quantity", "int"), name="Line")))),
        record(field("lines", array(record(field("quantity", "long"), name="Line")))),
        "Order.lines[].quantity: written as long, read as int",
    ),
    "inside a type that holds itself": (
        record(field("next", ["null", "shop.Order"], default=None), field("total", "int")),
        TREE,
        "Order.total: written as long, read as int",
    ),
    "milliseconds for microseconds": (
        holding(logical("long", "timestamp-millis")),
        holding(MICROS),
        "Order.value: written as timestamp-micros, read as timestamp-millis",
    ),
    "a number became a time": (
        holding(MICROS),
        holding("long"),
        "Order.value: written as a plain value, read as timestamp-micros",
    ),
    "a time became a number": (
        holding("long"),
        holding(MICROS),
        "Order.value: written as timestamp-micros, read as a plain value",
    ),
    "decimal of another scale": (
        holding(logical("bytes", "decimal", precision=9, scale=4)),
        holding(logical("bytes", "decimal", precision=9, scale=2)),
        "Order.value: written as decimal(9,2), read as decimal(9,4)",
    ),
    "decimal on a fixed of another precision": (
        holding(logical(fixed(8), "decimal", precision=18, scale=2)),
        holding(logical(fixed(8), "decimal", precision=10, scale=2)),
        "Order.value: written as decimal(10,2), read as decimal(18,2)",
    ),
    "an alias and the name were both written": (
        record(field("amount", "long", aliases=["total"])),
        record(field("amount", "long"), field("total", "long")),
        "Order.amount: ambiguous, amount and total were both written",
    ),
    "two fields read one": (
        record(field("total", "long"), field("amount", "long", aliases=["total"])),
        record(field("total", "long")),
        "Order.amount: ambiguous, total is also read as total",
    ),
}


@pytest.mark.parametrize("name", COMPATIBLE)
def test_compatible(name: str) -> None:
    reader, writer = COMPATIBLE[name]
    assert breaking_changes(reader=json.dumps(reader), writer=json.dumps(writer)) == []


@pytest.mark.parametrize("name", BREAKING)
def test_breaking(name: str) -> None:
    reader, writer, reason = BREAKING[name]
    assert breaking_changes(reader=json.dumps(reader), writer=json.dumps(writer)) == [reason]


def test_every_reason_is_told() -> None:
    reader = record(field("a", "int"), field("b", "string"), field("c", array("int")))
    writer = record(field("a", "long"), field("c", array("string")))
    assert breaking_changes(reader=json.dumps(reader), writer=json.dumps(writer)) == [
        "Order.a: written as long, read as int",
        "Order.b: was never written and has no default",
        "Order.c[]: written as string, read as int",
    ]


@pytest.mark.parametrize("family", sorted(bundled_schemas()))
def test_every_bundled_version_reads_all_before_it(family: str) -> None:
    versions = bundled_schemas()[family]
    for place, reader in enumerate(versions):
        for writer in versions[: place + 1]:
            assert breaking_changes(reader=reader, writer=writer) == []
