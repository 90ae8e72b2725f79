"""Values of Postgres as JSON has them."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID


def plain(value: object) -> object:
    """A value for JSON. Money is text, because a float would change it; bytes are hex."""
    match value:
        case Decimal() | UUID():
            return str(value)
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case bytes() | memoryview():
            return value.hex()
        case None | bool() | int() | float() | str() | list() | dict():
            return value
    return str(value)
