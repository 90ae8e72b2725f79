"""What is called compatible can be read: decoding is the judge."""

from __future__ import annotations

import io
import json
from typing import Any

import fastavro
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.registry.compatibility import breaking_changes
from tests.contracts.avro_schemas import array, enum, field, fixed, mapping, record

PRIMITIVES = st.sampled_from(["null", "boolean", "int", "long", "float", "double", "string"])
DEFAULTS = {
    "null": None,
    "boolean": True,
    "int": 1,
    "long": 2,
    "float": 1.5,
    "double": 2.5,
    "string": "text",
}


@st.composite
def node(draw: st.DrawFn, depth: int, counter: list[int]) -> Any:
    shapes = ["primitive", "enum", "fixed"]
    if depth:
        shapes += ["record", "array", "map", "union"]
    shape = draw(st.sampled_from(shapes))
    counter[0] += 1
    place = counter[0]
    made: Any
    match shape:
        case "primitive":
            made = draw(PRIMITIVES)
        case "enum":
            symbols = draw(st.lists(st.sampled_from("abcd"), min_size=1, unique=True))
            default = {"default": symbols[0]} if draw(st.booleans()) else {}
            made = enum(*symbols, name=f"E{place}", **default)
        case "fixed":
            made = fixed(draw(st.integers(1, 2)), name=f"F{place}")
        case "array":
            made = array(draw(node(depth - 1, counter)))
        case "map":
            made = mapping(draw(node(depth - 1, counter)))
        case "union":
            made = draw(st.lists(PRIMITIVES, min_size=1, max_size=3, unique=True))
        case _:
            made = record(*draw(fields_of(depth - 1, counter)), name=f"R{place}")
    return made


@st.composite
def fields_of(draw: st.DrawFn, depth: int, counter: list[int]) -> list[dict[str, Any]]:
    names = draw(st.lists(st.sampled_from("pqrs"), max_size=3, unique=True))
    return [draw(one_field(name, depth, counter)) for name in names]


@st.composite
def one_field(draw: st.DrawFn, name: str, depth: int, counter: list[int]) -> dict[str, Any]:
    kind = draw(node(depth, counter))
    made = field(name, kind)
    first = kind[0] if isinstance(kind, list) else kind
    if isinstance(first, str) and draw(st.booleans()):
        made["default"] = DEFAULTS[first]
    if draw(st.integers(0, 4)) == 0:
        made["aliases"] = [draw(st.sampled_from("pqrs"))]
    return made


@st.composite
def evolved(draw: st.DrawFn, old: Any, counter: list[int]) -> Any:
    """The schema with some of its parts changed: both harmless and breaking changes occur."""
    new: Any = old
    if isinstance(old, list):
        more = ["bytes"] if draw(st.booleans()) else []
        new = [*draw(st.permutations(old)), *more]
    elif isinstance(old, str):
        changes = [old, old, "double", "long", "string", [old] if old == "null" else ["null", old]]
        new = draw(st.sampled_from(changes))
    elif old["type"] == "array":
        new = array(draw(evolved(old["items"], counter)))
    elif old["type"] == "map":
        new = mapping(draw(evolved(old["values"], counter)))
    elif old["type"] == "enum":
        symbols = draw(st.permutations([*old["symbols"], "z"]))
        kept = symbols[: draw(st.integers(1, len(symbols)))]
        new = enum(*kept, name=old["name"])
        if draw(st.booleans()):
            new["default"] = kept[0]
    elif old["type"] == "record":
        new = old | {"fields": draw(evolved_fields(old["fields"], counter))}
    return new


@st.composite
def evolved_fields(draw: st.DrawFn, old: list[Any], counter: list[int]) -> list[Any]:
    kept = [one for one in old if draw(st.integers(0, 5))]
    new = [
        one if "default" in one else one | {"type": draw(evolved(one["type"], counter))}
        for one in kept
    ]
    counter[0] += 1
    if draw(st.booleans()):
        new.append(field(f"new{counter[0]}", ["null", "long"], default=None))
    return new


@st.composite
def schema_pairs(draw: st.DrawFn) -> tuple[Any, Any]:
    counter = [0]
    writer = record(*draw(fields_of(2, counter)))
    return writer, draw(evolved(writer, counter))


@settings(max_examples=300)
@given(schema_pairs(), st.data())
def test_what_is_called_compatible_can_be_read(pair: tuple[Any, Any], data: st.DataObject) -> None:
    writer, reader = pair
    if breaking_changes(reader=json.dumps(reader), writer=json.dumps(writer)):
        return
    parsed_writer, parsed_reader = fastavro.parse_schema(writer), fastavro.parse_schema(reader)
    value = data.draw(values(writer))
    body = io.BytesIO()
    fastavro.schemaless_writer(body, parsed_writer, value)
    body.seek(0)
    read = fastavro.schemaless_reader(body, parsed_writer, parsed_reader)
    assert set(read) == {one["name"] for one in reader["fields"]}


def values(schema: Any) -> st.SearchStrategy[Any]:
    """Values that the schema's writer accepts."""
    if isinstance(schema, list):
        return st.one_of([values(branch) for branch in schema])
    return VALUES[schema] if isinstance(schema, str) else values_of_complex(schema)


def values_of_complex(schema: Any) -> st.SearchStrategy[Any]:
    match schema["type"]:
        case "enum":
            return st.sampled_from(schema["symbols"])
        case "fixed":
            return st.binary(min_size=schema["size"], max_size=schema["size"])
        case "array":
            return st.lists(values(schema["items"]), max_size=3)
        case "map":
            return st.dictionaries(st.text(max_size=3), values(schema["values"]), max_size=3)
        case _:
            return st.fixed_dictionaries(
                {one["name"]: values(one["type"]) for one in schema["fields"]}
            )


VALUES: dict[str, st.SearchStrategy[Any]] = {
    "null": st.none(),
    "boolean": st.booleans(),
    "int": st.integers(-(2**31), 2**31 - 1),
    "long": st.integers(-(2**63), 2**63 - 1),
    "float": st.floats(width=32, allow_nan=False),
    "double": st.floats(allow_nan=False),
    "string": st.text(max_size=5),
    "bytes": st.binary(max_size=5),
}
