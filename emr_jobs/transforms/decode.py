"""Bytes to events: one branch a writer schema, each read into the newest schema of the family.

A value that is no event stays a row with a stable reason; nothing in the data raises.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.avro.functions import from_avro

from contracts.codec import HEADER_BYTES, header
from contracts.registry import SchemaVersion
from contracts.rejections import MAX_VALUE_BYTES
from contracts.topics import Topic

RECORD = ("topic", "topic_id", "cluster_id", "partition", "offset", "append_time", "key", "value")
_JOINT = "\n"
_UUID_PARTS = ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))


@dataclass(frozen=True)
class Schemas:
    """`writers`: every known version of the topic's family; `reader`: the newest of them."""

    writers: tuple[SchemaVersion, ...]
    reader: SchemaVersion

    def __post_init__(self) -> None:
        if self.reader not in self.writers:
            raise ValueError(f"the writers of {self.reader.family!r} do not include the reader")


def decode(records: DataFrame, topic: Topic, schemas: Schemas) -> DataFrame:
    """Add `schema_id`, `event` (the reader schema, times as long), `reason` and `detail`.

    `records` has topic, topic_id, cluster_id, partition, offset, append_time, key and value.
    `reason` is null for a decoded value; for any other, `event` is of no use.
    """
    if schemas.reader.family != topic.schema:
        raise ValueError(f"{topic.name} holds {topic.schema!r}, not {schemas.reader.family!r}")
    # An array of one, exploded: no filter moves below a generator, so each value is decoded once.
    # As a plain column it would be decoded again for every filter on its fields.
    event = F.explode(F.array(_event(schemas)))
    decoded = records.select(*RECORD, event.alias("event"))
    judged = decoded.select(
        *RECORD, _schema_id(schemas).alias("schema_id"), "event", _reason(schemas).alias("reason")
    )
    return judged.withColumn("detail", _detail())


def unknown_ids() -> Column:
    """Aggregate: the schema ids that have no branch, to be taken in the pass that counts rows."""
    return F.collect_set(F.when(F.col("reason") == "unknown_schema", F.col("schema_id")))


def _event(schemas: Schemas) -> Column:
    reader = json.dumps(_bare(json.loads(schemas.reader.schema)))
    body = F.substring("value", HEADER_BYTES + 1, MAX_VALUE_BYTES)
    event = F.lit(None)
    for writer in reversed(schemas.writers):
        options = {"mode": "PERMISSIVE", "avroSchema": reader}
        branch = from_avro(body, json.dumps(_bare(json.loads(writer.schema))), options)
        fits = _written_by(writer) & (F.octet_length("value") <= MAX_VALUE_BYTES)
        event = F.when(fits, branch).otherwise(event)
    return event


def _reason(schemas: Schemas) -> Column:
    size = F.octet_length("value")
    known = reduce(or_, map(_written_by, schemas.writers))
    return (
        F.when(F.coalesce(size, F.lit(0)) == 0, "empty")
        .when(size > MAX_VALUE_BYTES, "oversized")
        .when(~_has_header(), "bad_header")
        .when(~known, "unknown_schema")
        .when(F.col("event.event_id").isNull(), "undecodable")
        .when(~F.is_valid_utf8(_all_texts(schemas.reader)), "undecodable")
    )


def _detail() -> Column:
    reason = F.col("reason")
    size = F.octet_length("value").cast("string")
    return (
        F.when(reason == "empty", "the value has no bytes")
        .when(reason == "oversized", F.concat(size, F.lit(f" bytes; at most {MAX_VALUE_BYTES}")))
        .when(reason == "bad_header", "no registry header (byte 3, byte 0, version id)")
        .when(reason == "unknown_schema", F.col("schema_id"))
        .when(reason == "undecodable", "the bytes do not fit their schema")
    )


def _schema_id(schemas: Schemas) -> Column:
    """The id in the header as UUID text; put together only where no branch knows it."""
    digits = F.lower(F.hex(F.substring("value", 3, 16)))
    parts = [F.substring(digits, start, length) for start, length in _UUID_PARTS]
    text = F.when(_has_header(), F.concat_ws("-", *parts))
    for writer in schemas.writers:
        text = F.when(_written_by(writer), str(writer.id)).otherwise(text)
    return text


def _has_header() -> Column:
    magic = F.substring("value", 1, 2) == F.lit(b"\x03\x00")
    return magic & (F.octet_length("value") >= HEADER_BYTES)


def _written_by(writer: SchemaVersion) -> Column:
    return F.substring("value", 1, HEADER_BYTES) == F.lit(header(writer.id))


def _all_texts(reader: SchemaVersion) -> Column:
    """Every text of the event in one: valid UTF-8 exactly when each of them is, since the joint is
    a byte that no longer sequence can hold."""
    paths = _text_paths(json.loads(reader.schema), "event")
    return F.concat_ws(_JOINT, *(F.col(path) for path in paths))


def _text_paths(schema: Any, path: str) -> Iterator[str]:
    match schema:
        case "string":
            yield path
        case list():
            for branch in schema:
                yield from _text_paths(branch, path)
        case {"type": "record", "fields": fields}:
            for field in fields:
                yield from _text_paths(field["type"], f"{path}.{field['name']}")
        case {"type": "array", "items": items}:
            yield from _text_paths(items, path)
        case {"type": "string"}:
            yield path


def _bare(schema: Any) -> Any:
    """Times stay long: the rules judge them before anything turns them into timestamps. Without
    documentation the text, which every plan repeats, is half as long."""
    if isinstance(schema, Mapping):
        kept = {name: part for name, part in schema.items() if name not in ("logicalType", "doc")}
        return {name: _bare(part) for name, part in kept.items()}
    if isinstance(schema, list):
        return [_bare(entry) for entry in schema]
    return schema
