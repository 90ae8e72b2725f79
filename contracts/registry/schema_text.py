"""An Avro schema as text: whether every decoder accepts it, and its parsed form.

fastavro takes names that Java refuses, two fields of one name, and unions within unions. A schema
is registered once and then read by all decoders, so the strictest one decides.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

import fastavro

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_FULL_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*")


class SchemaError(ValueError):
    """The text is not an Avro schema."""


def parsed(schema: str, names: dict[str, Any] | None = None) -> Any:
    """The schema with every name in full; its named types are added to `names` by full name."""
    try:
        document = json.loads(schema)
        _check(document)
        return fastavro.parse_schema(document, {} if names is None else names)
    except SchemaError:
        raise
    # fastavro has an error of its own, and lets through whatever a wrong node makes it raise.
    except (
        fastavro.schema.SchemaParseException,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        RecursionError,
    ) as error:
        raise SchemaError(f"not an Avro schema: {type(error).__name__}: {error}") from error


def _check(node: Any) -> None:
    if isinstance(node, list):
        _check_union(node)
    elif isinstance(node, Mapping):
        kind = node.get("type")
        if kind in ("record", "error", "enum", "fixed"):
            _check_name(node.get("name"), _FULL_NAME)
        if kind in ("record", "error"):
            _check_fields(node)
        elif kind == "enum":
            _check_unique(node["symbols"], f"symbols of {node['name']}")
        elif isinstance(kind, (list, Mapping)):
            raise SchemaError("not an Avro schema: a type within a type that is not a field")
        for inner in ("items", "values"):
            _check(node.get(inner))


def _check_fields(node: Mapping[str, Any]) -> None:
    fields = node.get("fields")
    if not isinstance(fields, list):
        raise SchemaError(f"not an Avro schema: {node['name']} has no list of fields")
    _check_unique([field["name"] for field in fields], f"fields of {node['name']}")
    for field in fields:
        _check(field["type"])


def _check_union(branches: list[Any]) -> None:
    kinds = []
    for branch in branches:
        if isinstance(branch, list):
            raise SchemaError("not an Avro schema: a union within a union")
        _check(branch)
        kind = branch.get("type") if isinstance(branch, Mapping) else branch
        named = isinstance(branch, Mapping) and kind in ("record", "error", "enum", "fixed")
        kinds.append(branch["name"] if named else kind)
    if not kinds or len(set(kinds)) < len(kinds):
        raise SchemaError(f"not an Avro schema: a union of {', '.join(map(str, kinds)) or 'none'}")


def _check_unique(names: Iterable[Any], what: str) -> None:
    names = list(names)
    for name in names:
        _check_name(name, _NAME)
    if len(set(names)) < len(names):
        raise SchemaError(f"not an Avro schema: a name twice among the {what}")


def _check_name(name: Any, pattern: re.Pattern[str]) -> None:
    if not isinstance(name, str) or not pattern.fullmatch(name):
        raise SchemaError(f"not an Avro schema: {name!r} is not a name")
