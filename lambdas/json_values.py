"""Values of Postgres as JSON has them."""

from __future__ import annotations

from datetime import UTC, datetime


def plain(value: object) -> object:
    """A value for JSON. Money is text, because a float would change it; bytes are hex."""
    match value:
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case bytes() | memoryview():
            return value.hex()
        case list():
            return [plain(each) for each in value]
        case dict():
            return {str(name): plain(each) for name, each in value.items()}
        case None | bool() | int() | float() | str():
            return value
    return str(value)
