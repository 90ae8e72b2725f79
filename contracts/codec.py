"""Events to bytes and back: Avro behind the Glue Schema Registry header."""

from __future__ import annotations

import io
import json
import zlib
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from uuid import UUID

import fastavro

from contracts.avro.body import MalformedBodyError, check_body
from contracts.events import Event, absent_fields, as_record, from_record, null_fields
from contracts.registry import Registry, SchemaVersion, UnknownSchema
from contracts.rejections import MAX_VALUE_BYTES, Rejection, rejection_of
from contracts.topics import ALERTS, Topic

# AWS Glue Schema Registry framing: version byte 3, a byte of compression, 16 bytes of id.
PLAIN = b"\x03\x00"
ZLIB = b"\x03\x05"
HEADER_BYTES = 18
# A body that inflates to more is oversized, and is not inflated further.
MAX_BODY_BYTES = MAX_VALUE_BYTES - HEADER_BYTES
INFLATES_TOO_FAR = f"inflates to more than {MAX_VALUE_BYTES} bytes"
MAX_DETAIL = 200


def header(schema_id: UUID) -> bytes:
    return PLAIN + schema_id.bytes


def schema_id_of(value: bytes) -> UUID | None:
    """The schema version id at the start of a value; None if there is no such header."""
    if len(value) < HEADER_BYTES or not value.startswith((PLAIN, ZLIB)):
        return None
    return UUID(bytes=value[len(PLAIN) : HEADER_BYTES])


def encode(event: Event, schema: SchemaVersion) -> bytes:
    """The value to send; ValueError or TypeError if the event does not fit the schema."""
    body = io.BytesIO()
    fastavro.schemaless_writer(body, _parsed(schema.schema), as_record(event), strict=True)
    return header(schema.id) + body.getvalue()


def decode(
    topic: Topic, value: bytes | None, append_time: int, registry: Registry
) -> Event | Rejection:
    """The event, or why there is none. No value raises an error, only RegistryUnavailable does."""
    record = decode_record(topic, value, registry)
    if isinstance(record, Rejection):
        return record
    if absent := absent_fields(topic, record):
        return Rejection("undecodable", f"the newest schema has no field {', '.join(absent)}")
    if nulls := null_fields(topic, record):
        return Rejection("missing_field", nulls[0])
    rejected = None if topic == ALERTS else rejection_of(topic, record, append_time)
    return rejected or from_record(topic, record)


def decode_record(
    topic: Topic, value: bytes | None, registry: Registry
) -> dict[str, Any] | Rejection:
    """The record in the newest schema of the topic's family, before any domain rule."""
    if not value:
        return Rejection("empty", "the value has no bytes")
    if len(value) > MAX_VALUE_BYTES:
        return Rejection("oversized", f"{len(value)} bytes; at most {MAX_VALUE_BYTES}")
    schema_id = schema_id_of(value)
    if schema_id is None:
        return Rejection("bad_header", "no registry header (byte 3, byte 0, version id)")
    try:
        writer = registry.version(schema_id)
    except UnknownSchema:
        return Rejection("unknown_schema", str(schema_id))
    if writer.family != topic.schema:
        return Rejection("unknown_schema", f"{schema_id} belongs to {writer.family!r}")
    body = value[HEADER_BYTES:] if value.startswith(PLAIN) else _inflated(value[HEADER_BYTES:])
    reader = registry.latest(topic.schema)
    return body if isinstance(body, Rejection) else _read(body, writer.schema, reader.schema)


def _inflated(packed: bytes) -> bytes | Rejection:
    """What a body was before it was compressed. As in a plain one, what follows it is not read."""
    stream = zlib.decompressobj()
    try:
        body = stream.decompress(packed, MAX_BODY_BYTES + 1)
    except zlib.error as error:
        return Rejection("undecodable", f"{type(error).__name__}: {error}"[:MAX_DETAIL])
    if len(body) > MAX_BODY_BYTES:
        return Rejection("oversized", INFLATES_TOO_FAR)
    return body if stream.eof else Rejection("undecodable", "the compressed bytes have no end")


def _read(body: bytes, writer: str, reader: str) -> dict[str, Any] | Rejection:
    parsed = _parsed(writer)
    try:
        check_body(body, parsed)
        record = fastavro.schemaless_reader(io.BytesIO(body), parsed, _parsed(reader))
    # The body fits its schema, so the rest is a symbol or a branch that the reader does not have.
    except (
        MalformedBodyError,
        fastavro.read.SchemaResolutionError,
        ValueError,
        IndexError,
    ) as error:
        return Rejection("undecodable", f"{type(error).__name__}: {error}"[:MAX_DETAIL])
    if not isinstance(record, dict):
        return Rejection("undecodable", "not a record")
    return record


@lru_cache(maxsize=64)
def _parsed(schema: str) -> Any:
    """The parsed schema without logical types, so that times stay integers: fastavro would build
    datetimes of them, which cannot hold every value that Spark can."""
    return fastavro.parse_schema(_without_logical_types(json.loads(schema)))


def _without_logical_types(node: Any) -> Any:
    if isinstance(node, Mapping):
        return {k: _without_logical_types(v) for k, v in node.items() if k != "logicalType"}
    if isinstance(node, list):
        return [_without_logical_types(entry) for entry in node]
    return node
