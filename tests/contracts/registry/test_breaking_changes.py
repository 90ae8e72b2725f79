"""Which schema changes are not BACKWARD compatible, case by case, and what is told of each."""

from __future__ import annotations

import json

import pytest

from contracts.registry.compatibility import breaking_changes
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

MICROS = logical("long", "timestamp-micros")

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
