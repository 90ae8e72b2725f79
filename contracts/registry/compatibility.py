"""Avro's schema resolution as a judgement: can a reader read what a writer wrote?

The rules are those of the Avro specification 1.12, "Schema Resolution". Where decoders differ, the
strictest one decides: named types match by full name or alias, a default fits the first branch of
its union, and a known logical type may not change.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from contracts.registry.schema_text import parsed

_WIDER = {
    "int": {"long", "float", "double"},
    "long": {"float", "double"},
    "float": {"double"},
    "string": {"bytes"},
    "bytes": {"string"},
}
_NAMED = {"record", "error", "enum", "fixed"}
# Other logical types are ignored, as the specification wants. A uuid is such a type: it only
# narrows which texts are written.
_LOGICAL = {
    *("decimal", "big-decimal", "date", "duration", "time-millis", "time-micros"),
    *("timestamp-millis", "timestamp-micros", "timestamp-nanos"),
    *("local-timestamp-millis", "local-timestamp-micros", "local-timestamp-nanos"),
}
# By kind, whether a default fits a type without parts. JSON's true and false are not numbers.
_FITS: dict[str, Callable[[Any, Any], bool]] = {
    "null": lambda default, _: default is None,
    "boolean": lambda default, _: isinstance(default, bool),
    "int": lambda default, _: type(default) is int and -(2**31) <= default < 2**31,
    "long": lambda default, _: type(default) is int and -(2**63) <= default < 2**63,
    "float": lambda default, _: type(default) in (int, float),
    "double": lambda default, _: type(default) in (int, float),
    "string": lambda default, _: isinstance(default, str),
    "bytes": lambda default, _: isinstance(default, str),
    "enum": lambda default, node: default in node["symbols"],
    "fixed": lambda default, node: isinstance(default, str) and len(default) == node["size"],
}


def breaking_changes(*, reader: str, writer: str) -> list[str]:
    """Every reason why `reader` cannot read values of `writer`; empty when it can.

    Each reason starts with its path (``Order.lines[].quantity: ...``). SchemaError if one of the
    texts is not a schema.
    """
    reader_names: dict[str, Any] = {}
    writer_names: dict[str, Any] = {}
    reader_schema = parsed(reader, reader_names)
    writer_schema = parsed(writer, writer_names)
    comparison = _Comparison(reader_names, writer_names)
    root = _short(_name(reader_schema)) if isinstance(reader_schema, Mapping) else ""
    return list(dict.fromkeys(comparison.judge(reader_schema, writer_schema, root or "value")))


@dataclass
class _Comparison:
    """One walk over both schemas; `seen` ends the walk in types that contain themselves."""

    reader_names: Mapping[str, Any]
    writer_names: Mapping[str, Any]
    seen: set[tuple[str, str]] = field(default_factory=set)

    def judge(self, reader: Any, writer: Any, path: str) -> Iterator[str]:
        reader, writer = _full(reader, self.reader_names), _full(writer, self.writer_names)
        if isinstance(writer, list):
            for branch in writer:
                yield from self.judge(reader, branch, path)
        elif isinstance(reader, list):
            yield from self._into_union(reader, writer, path)
        elif not _alike(reader, writer):
            yield f"{path}: written as {_describe(writer)}, read as {_describe(reader)}"
        elif _kind(reader) in _NAMED:
            yield from self._named(reader, writer, path)
        elif _kind(reader) == "array":
            yield from self.judge(reader["items"], writer["items"], f"{path}[]")
        elif _kind(reader) == "map":
            yield from self.judge(reader["values"], writer["values"], f"{path}{{}}")
        else:
            yield from _logical_change(reader, writer, path)

    def _into_union(self, reader: list[Any], writer: Any, path: str) -> Iterator[str]:
        """Decoders take the first branch that looks like the writer's, and go on in it."""
        branches = [_full(branch, self.reader_names) for branch in reader]
        for branch in branches:
            if _alike(branch, writer) and _could_be(branch, writer):
                yield from self.judge(branch, writer, path)
                return
        known = ", ".join(map(_describe, branches))
        yield f"{path}: written as {_describe(writer)}, which is none of {known}"

    def _named(self, reader: Any, writer: Any, path: str) -> Iterator[str]:
        both = (_name(reader), _name(writer))
        if both in self.seen:
            return
        self.seen.add(both)
        if _name(writer) not in (_name(reader), *_aliases(reader)):
            yield (
                f"{path}: written as {_describe(writer)}, read as {_describe(reader)}, "
                "which has no alias for it"
            )
        elif _kind(reader) == "enum":
            yield from _enum(reader, writer, path)
        elif _kind(reader) == "fixed":
            if reader["size"] != writer["size"]:
                yield f"{path}: written with {writer['size']} bytes, read with {reader['size']}"
            yield from _logical_change(reader, writer, path)
        else:
            yield from self._record(reader, writer, path)

    def _record(self, reader: Any, writer: Any, path: str) -> Iterator[str]:
        written = {one["name"]: one for one in writer["fields"]}
        claimed: dict[str, str] = {}
        for wanted in reader["fields"]:
            name = wanted["name"]
            inner = f"{path}.{name}"
            if "default" in wanted and not self._fits(wanted["default"], wanted["type"]):
                yield f"{inner}: the default {json.dumps(wanted['default'])} does not fit its type"
            sources = [one for one in (name, *wanted.get("aliases", ())) if one in written]
            if len(sources) > 1:
                yield f"{inner}: ambiguous, {' and '.join(sources)} were both written"
            elif sources and sources[0] in claimed:
                yield f"{inner}: ambiguous, {sources[0]} is also read as {claimed[sources[0]]}"
            elif sources:
                claimed[sources[0]] = name
                yield from self.judge(wanted["type"], written[sources[0]]["type"], inner)
            elif "default" not in wanted:
                yield f"{inner}: was never written and has no default"

    def _fits(self, default: Any, node: Any) -> bool:
        node = _full(node, self.reader_names)
        if isinstance(node, list):
            return bool(node) and self._fits(default, node[0])
        match _kind(node):
            case "array":
                return isinstance(default, list) and all(
                    self._fits(item, node["items"]) for item in default
                )
            case "map":
                return isinstance(default, dict) and all(
                    self._fits(item, node["values"]) for item in default.values()
                )
            case "record" | "error":
                return isinstance(default, dict) and all(
                    self._fits(default[one["name"]], one["type"])
                    if one["name"] in default
                    else "default" in one
                    for one in node["fields"]
                )
            case kind:
                return _FITS[kind](default, node)


def _full(node: Any, names: Mapping[str, Any]) -> Any:
    """The named type that a name stands for; any other node as it is."""
    return names.get(node, node) if isinstance(node, str) else node


def _enum(reader: Any, writer: Any, path: str) -> Iterator[str]:
    gone = [symbol for symbol in writer["symbols"] if symbol not in reader["symbols"]]
    default = reader.get("default")
    if default is not None and default not in reader["symbols"]:
        yield f"{path}: the default {json.dumps(default)} is none of its symbols"
    elif gone and default is None:
        yield f"{path}: {', '.join(gone)} can no longer be read and there is no default symbol"


def _logical_change(reader: Any, writer: Any, path: str) -> Iterator[str]:
    read, written = _logical(reader), _logical(writer)
    if read != written:
        yield f"{path}: written as {written or 'a plain value'}, read as {read or 'a plain value'}"


def _logical(node: Any) -> str:
    """The logical type in words; empty for none that decoders must know."""
    name = node.get("logicalType") if isinstance(node, Mapping) else None
    if name not in _LOGICAL:
        return ""
    if name == "decimal":
        return f"decimal({node.get('precision')},{node.get('scale', 0)})"
    return str(name)


def _alike(reader: Any, writer: Any) -> bool:
    read, written = _kind(reader), _kind(writer)
    return read == written or read in _WIDER.get(written, ())


def _could_be(reader: Any, writer: Any) -> bool:
    """Whether decoders would choose this branch: they look at short names and aliases."""
    if _kind(reader) not in _NAMED:
        return True
    short = {_short(name) for name in (_name(reader), *_aliases(reader))}
    return _short(_name(writer)) in short


def _kind(node: Any) -> str:
    return str(node["type"]) if isinstance(node, Mapping) else str(node)


def _name(node: Any) -> str:
    return str(node.get("name", ""))


def _short(name: str) -> str:
    return name.rpartition(".")[2]


def _aliases(node: Any) -> tuple[str, ...]:
    namespace = _name(node).rpartition(".")[0]
    return tuple(
        alias if "." in alias or not namespace else f"{namespace}.{alias}"
        for alias in node.get("aliases", ())
    )


def _describe(node: Any) -> str:
    kind = _kind(node)
    if kind in _NAMED:
        return f"{kind} {_name(node)}"
    return _logical(node) or kind
