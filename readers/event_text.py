"""Decoded records for people: money as decimals, times in ISO 8601, nothing lost."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from contracts.money import decimal_of_minor, decimal_of_price
from contracts.schemas.fields import fields_of
from contracts.tables.lake import own_columns
from contracts.times import EPOCH
from contracts.topics import SOURCES, TOPICS

_MINOR = frozenset(
    column.name for topic in SOURCES for column in own_columns(topic) if column.type == "money"
)
_PRICES = frozenset({"unit_price"})
_TIMES = frozenset(
    field.name for topic in TOPICS for field in fields_of(topic.schema) if field.is_time
)


def readable(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record as JSON values; a number outside of what its kind can show stays a number."""
    return {name: _value(name, value) for name, value in record.items()}


def iso_time(microseconds: int) -> str | int:
    """UTC with microseconds; the number itself where no calendar has it."""
    try:
        moment = EPOCH + timedelta(microseconds=microseconds)
    except OverflowError:
        return microseconds
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def _value(name: str, value: Any) -> Any:
    if isinstance(value, Mapping):
        return readable(value)
    if isinstance(value, (list, tuple)):
        return [_value(name, item) for item in value]
    if isinstance(value, int) and not isinstance(value, bool):
        return _number(name, value)
    return value


def _number(name: str, value: int) -> Any:
    if name in _MINOR:
        return f"{decimal_of_minor(value):f}"
    if name in _PRICES:
        return f"{decimal_of_price(value):f}"
    return iso_time(value) if name in _TIMES else value
