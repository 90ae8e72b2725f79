"""What a body may claim, for schemas of every shape."""

from __future__ import annotations

import io
import json
from typing import Any

import fastavro
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.avro.body import MAX_DEPTH, MAX_EMPTY_ITEMS, MalformedBodyError, check_body
from contracts.registry.schema_text import parsed
from tests.contracts.avro_schemas import array, enum, field, fixed, mapping, record
from tests.contracts.handmade import text, zigzag
from tests.contracts.registry.test_compatibility_laws import fields_of, values

NODE = record(field("next", ["null", "shop.Order"], default=None))


def schema(kind: Any) -> Any:
    return parsed(json.dumps(record(field("value", kind))))


GOOD = [
    pytest.param("boolean", b"\x01", id="true"),
    pytest.param("float", bytes(4), id="float"),
    pytest.param("double", bytes(8), id="double"),
    pytest.param("null", b"", id="null"),
    pytest.param("int", zigzag(-(2**31)), id="smallest int"),
    pytest.param("int", zigzag(2**31 - 1), id="largest int"),
    pytest.param("long", zigzag(-(2**63)), id="smallest long"),
    pytest.param("long", zigzag(2**63 - 1), id="largest long"),
    pytest.param("bytes", text(b"\xff"), id="bytes need no UTF-8"),
    pytest.param(fixed(2), b"\xff\xff", id="fixed"),
    pytest.param(array("int"), zigzag(0), id="no items"),
    pytest.param(array("int"), zigzag(-1) + zigzag(1) + zigzag(5) + zigzag(0), id="sized block"),
    pytest.param(mapping("int"), zigzag(1) + text(b"a") + zigzag(5) + zigzag(0), id="map"),
    pytest.param(array("null"), zigzag(MAX_EMPTY_ITEMS) + zigzag(0), id="most empty items"),
]
BAD = [
    pytest.param("boolean", b"\x02", "a boolean is 0 or 1", id="boolean"),
    pytest.param("float", bytes(3), "4 bytes claimed, 3 left", id="float"),
    pytest.param("double", bytes(7), "8 bytes claimed, 7 left", id="double"),
    pytest.param("int", zigzag(2**31), "more than 32 bits", id="int too large"),
    pytest.param("long", b"\x80", "ends within a value", id="number is cut"),
    pytest.param("bytes", zigzag(2) + b"a", "2 bytes claimed, 1 left", id="bytes are cut"),
    pytest.param("bytes", zigzag(-1) + b"a", "-1 bytes claimed, 1 left", id="negative length"),
    pytest.param(fixed(2), b"a", "2 bytes claimed, 1 left", id="fixed is cut"),
    pytest.param(enum("a"), zigzag(1), "no enum symbol 1", id="enum"),
    pytest.param(["null", "int"], zigzag(2), "no union branch 2", id="union"),
    pytest.param(mapping("int"), zigzag(1) + text(b"\xff"), "not UTF-8", id="key of a map"),
    pytest.param(array("int"), zigzag(2) + zigzag(1), "ends within", id="items are cut"),
    pytest.param(
        array("null"), zigzag(2**62), f"more than {MAX_EMPTY_ITEMS} empty", id="empty items"
    ),
]


@pytest.mark.parametrize(("kind", "body"), GOOD)
def test_good_bodies(kind: Any, body: bytes) -> None:
    check_body(body, schema(kind))


@pytest.mark.parametrize(("kind", "body", "reason"), BAD)
def test_bad_bodies(kind: Any, body: bytes, reason: str) -> None:
    with pytest.raises(MalformedBodyError, match=reason):
        check_body(body, schema(kind))


def test_nesting_has_a_bound() -> None:
    deepest = parsed(json.dumps(NODE))
    check_body(zigzag(1) * 10 + zigzag(0), deepest)
    with pytest.raises(MalformedBodyError, match=f"more than {MAX_DEPTH} deep"):
        check_body(zigzag(1) * 100_000 + zigzag(0), deepest)


def test_a_type_defined_in_a_branch_that_is_not_taken_is_known() -> None:
    two = parsed(
        json.dumps(
            record(field("a", ["null", enum("x", "y")]), field("b", "shop.Kind", default="x"))
        )
    )
    check_body(zigzag(0) + zigzag(1), two)


@st.composite
def written(draw: st.DrawFn) -> tuple[Any, bytes]:
    document = record(*draw(fields_of(2, [0])))
    body = io.BytesIO()
    fastavro.schemaless_writer(body, fastavro.parse_schema(document), draw(values(document)))
    return document, body.getvalue()


@given(written())
def test_whatever_is_written_is_good_and_not_a_byte_shorter(pair: tuple[Any, bytes]) -> None:
    document, body = pair
    checked = parsed(json.dumps(document))
    check_body(body, checked)
    if body:
        with pytest.raises(MalformedBodyError):
            check_body(body[:-1], checked)
