"""Does a body fit its schema? This is checked before decoding, because decoders forgive too much.

fastavro counts a negative enum or union index from the end, and it takes 64 bits for an ``int`` and
any number of varint bytes. Avro's own decoder refuses these, and so does this check. A decoder may
also allocate the length that a body claims.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

MAX_DEPTH = 64
# An empty record takes no bytes, so the bytes that are left do not bound how many there are.
MAX_EMPTY_ITEMS = 100_000
_VARINT_BYTES = 10
_INT_MIN, _INT_MAX = -(2**31), 2**31 - 1


class MalformedBodyError(ValueError):
    """The bytes are not a value of the schema; the text says what is wrong and where."""


def check_body(body: bytes, schema: Any) -> None:
    """Raise MalformedBodyError unless `body` starts with a value of `schema`; the rest is ignored.

    `schema` comes from `fastavro.parse_schema`. No size that the body claims is allocated.
    """
    names: dict[str, Any] = {}
    _collect(schema, names)
    _Walk(body, names).value(schema, "", 0)


def _collect(node: Any, names: dict[str, Any]) -> None:
    """Collect named types by full name; a type may be defined in a branch that this body skips."""
    if isinstance(node, list):
        for branch in node:
            _collect(branch, names)
    elif isinstance(node, Mapping):
        if "name" in node:
            names[node["name"]] = node
        for inner in ("type", "items", "values"):
            if inner in node:
                _collect(node[inner], names)
        for field in node.get("fields", ()):
            _collect(field["type"], names)


class _Walk:
    def __init__(self, body: bytes, names: Mapping[str, Any]) -> None:
        self._body = body
        self._names = names
        self._at = 0
        self._empty_items = 0
        self._checks: dict[str, Callable[[Any, str, int], object]] = {
            "record": self._record,
            "error": self._record,
            "enum": lambda node, path, _: self._index(len(node["symbols"]), path, "enum symbol"),
            "array": self._array,
            "map": self._map,
            "fixed": lambda node, path, _: self._skip(node["size"], path),
            "string": lambda _, path, __: self._text(path),
            "bytes": lambda _, path, __: self._skip(self._long(path), path),
            "int": lambda _, path, __: self._int(path),
            "long": lambda _, path, __: self._long(path),
            "float": lambda _, path, __: self._skip(4, path),
            "double": lambda _, path, __: self._skip(8, path),
            "boolean": lambda _, path, __: self._boolean(path),
            "null": lambda *_: None,
        }

    def value(self, node: Any, path: str, depth: int) -> None:
        if depth > MAX_DEPTH:
            raise MalformedBodyError(f"{path}: nested more than {MAX_DEPTH} deep")
        if isinstance(node, list):
            index = self._index(len(node), path, "union branch")
            self.value(node[index], path, depth + 1)
            return
        kind = node["type"] if isinstance(node, Mapping) else node
        if isinstance(kind, (list, Mapping)):
            self.value(kind, path, depth + 1)
            return
        if kind in self._checks:
            self._checks[kind](node, path, depth)
            return
        self.value(self._names[kind], path, depth + 1)

    def _record(self, node: Any, path: str, depth: int) -> None:
        for field in node["fields"]:
            inner = f"{path}.{field['name']}" if path else field["name"]
            self.value(field["type"], inner, depth + 1)

    def _array(self, node: Any, path: str, depth: int) -> None:
        self._blocks(path, lambda: self.value(node["items"], f"{path}[]", depth + 1))

    def _map(self, node: Any, path: str, depth: int) -> None:
        def entry() -> None:
            self._text(path)
            self.value(node["values"], f"{path}{{}}", depth + 1)

        self._blocks(path, entry)

    def _blocks(self, path: str, item: Callable[[], None]) -> None:
        while (count := self._long(path)) != 0:
            if count < 0:
                count = -count
                self._long(path)  # the block's size in bytes, which only readers that skip need
            for _ in range(count):
                before = self._at
                item()
                if self._at == before:
                    self._empty_items += 1
                    if self._empty_items > MAX_EMPTY_ITEMS:
                        raise MalformedBodyError(f"{path}: more than {MAX_EMPTY_ITEMS} empty items")

    def _text(self, path: str) -> None:
        size = self._long(path)
        start = self._at
        self._skip(size, path)
        try:
            self._body[start : self._at].decode()
        except UnicodeDecodeError as error:
            raise MalformedBodyError(f"{path}: not UTF-8: {error.reason}") from error

    def _int(self, path: str) -> None:
        if not _INT_MIN <= self._long(path) <= _INT_MAX:
            raise MalformedBodyError(f"{path}: more than 32 bits for an int")

    def _boolean(self, path: str) -> None:
        self._skip(1, path)
        if self._body[self._at - 1] > 1:
            raise MalformedBodyError(f"{path}: a boolean is 0 or 1")

    def _index(self, size: int, path: str, what: str) -> int:
        index = self._long(path)
        if not 0 <= index < size:
            raise MalformedBodyError(f"{path}: no {what} {index}")
        return index

    def _skip(self, size: int, path: str) -> None:
        left = len(self._body) - self._at
        if not 0 <= size <= left:
            raise MalformedBodyError(f"{path}: {size} bytes claimed, {left} left")
        self._at += size

    def _long(self, path: str) -> int:
        unsigned = 0
        for shift in range(0, 7 * _VARINT_BYTES, 7):
            if self._at == len(self._body):
                raise MalformedBodyError(f"{path}: ends within a value")
            byte = self._body[self._at]
            self._at += 1
            unsigned |= (byte & 0x7F) << shift
            if byte < 0x80:
                unsigned &= 2**64 - 1
                return (unsigned >> 1) ^ -(unsigned & 1)
        raise MalformedBodyError(f"{path}: a number of more than {_VARINT_BYTES} bytes")
