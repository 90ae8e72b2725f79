"""Short ways to write Avro schemas in tests; all names are in the namespace `shop`."""

from __future__ import annotations

from typing import Any


def record(*fields: Any, name: str = "Order", **more: Any) -> dict[str, Any]:
    return {"type": "record", "name": name, "namespace": "shop", "fields": list(fields)} | more


def field(name: str, kind: Any, **more: Any) -> dict[str, Any]:
    return {"name": name, "type": kind} | more


def enum(*symbols: str, name: str = "Kind", **more: Any) -> dict[str, Any]:
    return {"type": "enum", "name": name, "symbols": list(symbols)} | more


def array(items: Any) -> dict[str, Any]:
    return {"type": "array", "items": items}


def mapping(values: Any) -> dict[str, Any]:
    return {"type": "map", "values": values}


def fixed(size: int, name: str = "Hash", **more: Any) -> dict[str, Any]:
    return {"type": "fixed", "name": name, "size": size} | more


def logical(kind: Any, name: str, **more: Any) -> dict[str, Any]:
    base = kind if isinstance(kind, dict) else {"type": kind}
    return base | {"logicalType": name} | more


def holding(kind: Any, **more: Any) -> dict[str, Any]:
    return record(field("value", kind, **more))


# It holds itself.
TREE = record(field("next", ["null", "shop.Order"], default=None), field("total", "long"))
