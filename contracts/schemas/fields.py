"""The fields of events, as the newest schemas that ship with the package list them."""

from __future__ import annotations

import json
from functools import cache
from typing import Any, NamedTuple

from contracts.schemas import bundled_schemas


class Field(NamedTuple):
    """One field; `type` is its Avro type, without the null of a field that may be null."""

    name: str
    type: Any
    nullable: bool

    @property
    def is_time(self) -> bool:
        """Whether it is a time, in microseconds UTC."""
        return isinstance(self.type, dict) and self.type.get("logicalType") == "timestamp-micros"


@cache
def fields_of(family: str, inside: str | None = None) -> tuple[Field, ...]:
    """The fields of a family's events, or those of the record or list `inside` one of them."""
    record = json.loads(bundled_schemas()[family][-1])
    if inside is not None:
        record = next(field["type"] for field in record["fields"] if field["name"] == inside)
        record = record.get("items", record)
    return tuple(_field(field["name"], field["type"]) for field in record["fields"])


def _field(name: str, kind: Any) -> Field:
    if isinstance(kind, list):
        (present,) = (branch for branch in kind if branch != "null")
        return Field(name, present, nullable=True)
    return Field(name, kind, nullable=False)
