"""What the newest schema of a family means for columns: texts, gaps, what may be null."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from contracts.schemas import bundled_schemas


@dataclass(frozen=True)
class Leaf:
    """One field below the record; `path` is dotted, through records and arrays of records."""

    path: str
    text: bool
    nullable: bool
    in_array: bool


def bare(schema: str) -> str:
    """The schema with times as plain longs, so that the rules judge them before anything turns them
    into timestamps, and without documentation, which every plan would repeat."""
    return json.dumps(_bare(json.loads(schema)), separators=(",", ":"))


def leaves(schema: str) -> tuple[Leaf, ...]:
    """Every field of a record schema that holds a value of its own."""
    return tuple(_leaves(json.loads(schema), "", nullable=False, in_array=False))


def own_leaves(family: str) -> tuple[Leaf, ...]:
    """The fields this package knows: those of the newest schema that ships with it."""
    return leaves(bundled_schemas()[family][-1])


def absent(family: str, reader: str) -> tuple[Leaf, ...]:
    """The fields this package knows that a reader schema does not have."""
    present = {leaf.path for leaf in leaves(reader)}
    return tuple(leaf for leaf in own_leaves(family) if leaf.path not in present)


def unexpected_nulls(family: str, reader: str) -> tuple[Leaf, ...]:
    """The fields an event needs that a reader schema lets be null."""
    needed = {leaf.path for leaf in own_leaves(family) if not leaf.nullable}
    return tuple(leaf for leaf in leaves(reader) if leaf.nullable and leaf.path in needed)


def _leaves(node: Any, path: str, *, nullable: bool, in_array: bool) -> Iterator[Leaf]:
    match node:
        case list():
            may_be_null = nullable or "null" in node
            for branch in node:
                if branch != "null":
                    yield from _leaves(branch, path, nullable=may_be_null, in_array=in_array)
        case {"type": "record", "fields": fields}:
            for field in fields:
                inner = f"{path}.{field['name']}" if path else field["name"]
                yield from _leaves(field["type"], inner, nullable=nullable, in_array=in_array)
        case {"type": "array", "items": items}:
            yield from _leaves(items, path, nullable=nullable, in_array=True)
        case {"type": str() as name}:
            yield Leaf(path, name == "string", nullable, in_array)
        case str():
            yield Leaf(path, node == "string", nullable, in_array)


def _bare(node: Any) -> Any:
    if isinstance(node, Mapping):
        kept = {name: part for name, part in node.items() if name not in ("logicalType", "doc")}
        return {name: _bare(part) for name, part in kept.items()}
    if isinstance(node, list):
        return [_bare(entry) for entry in node]
    return node
