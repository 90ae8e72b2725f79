"""Bytes to events: one branch per writer schema, each read into the newest schema of the family.

A value that is not an event stays a row with a stable reason; nothing in the data raises. That a
record cannot claim more memory than it has bytes is up to the session: Avro's `limits` properties.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from operator import and_, or_

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.avro.functions import from_avro

from contracts.codec import HEADER_BYTES, INFLATES_TOO_FAR, PLAIN, header
from contracts.registry import SchemaVersion
from contracts.rejections import MAX_VALUE_BYTES
from contracts.schemas import bundled_schemas
from contracts.topics import Topic
from emr_jobs.transforms.inflate import is_compressed, plain_value
from emr_jobs.transforms.reader import Leaf, absent, bare, leaves, unexpected_nulls
from emr_jobs.transforms.rules import Rule, first_detail, first_reason
from emr_jobs.transforms.steps import Step

RECORD = ("topic", "topic_id", "cluster_id", "partition", "offset", "append_time", "key", "value")
DECODED = (*RECORD, "schema_id", "event")
_MISFIT = "the bytes do not fit their schema"
_JOINT = "\n"
# Stands for a schema id of values that a step without inflating cannot read.
COMPRESSED = "compressed"
_UUID_PARTS = ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))


@dataclass(frozen=True)
class Schemas:
    """`writers`: every known version of the topic's family; `reader`: the newest of them."""

    writers: tuple[SchemaVersion, ...]
    reader: SchemaVersion

    def __post_init__(self) -> None:
        if self.reader not in self.writers:
            raise ValueError(f"the writers of {self.reader.family!r} do not include the reader")


def decode(topic: Topic, schemas: Schemas, *, inflating: bool = True) -> Step:
    """A step that adds `schema_id`, `event`, `texts`, `reason` and `detail`.

    Its records have topic, topic_id, cluster_id, partition, offset, append_time, key and value.
    `reason` is null for a decoded value; for any other, `event` is of no use. `event` has the
    reader schema with times as long; `texts` is every text of it in one, for the rules. Unless
    `inflating`, which takes a worker of Python, a compressed value is of the unknown schema
    `COMPRESSED`.
    """
    if schemas.reader.family != topic.schema:
        raise ValueError(f"{topic.name} holds {topic.schema!r}, not {schemas.reader.family!r}")
    plain = F.col("plain" if inflating else "value")
    rules = _rules(schemas, plain, inflating=inflating)
    nothing = F.lit(None).cast("string")
    event = _once(_event(schemas, plain)).alias("event")
    texts = _once(_texts(schemas.reader)).alias("texts")
    schema_id = _schema_id(schemas, plain, inflating=inflating).alias("schema_id")
    reason = _once(first_reason(rules, unless=nothing)).alias("reason")
    detail = F.when(F.col("reason").isNotNull(), first_detail(rules, unless=nothing))
    detail = detail.alias("detail")

    record = tuple(map(F.col, RECORD))
    inflated = (*record, plain_value().alias("plain")) if inflating else ()
    raw = (*record, plain) if inflating else record
    with_event = (*raw, event)
    with_texts = (*raw, F.col("event"), texts)
    judged = (*raw, schema_id, F.col("event"), F.col("texts"), reason)
    explained = (*map(F.col, (*DECODED, "texts", "reason")), detail)

    def decoded(records: DataFrame) -> DataFrame:
        # Spark analyses each step again in every batch. So a step is made only where columns build
        # on those of the step before.
        whole = records.select(*inflated) if inflated else records
        return whole.select(*with_event).select(*with_texts).select(*judged).select(*explained)

    return decoded


def _event(schemas: Schemas, plain: Column) -> Column:
    missing = absent(schemas.reader.family, schemas.reader.schema)
    if any(not leaf.nullable for leaf in missing):
        # Nothing can be an event under such a reader; the columns are those of our own schema.
        own = bare(bundled_schemas()[schemas.reader.family][-1])
        return from_avro(F.lit(None).cast("binary"), own, {"mode": "PERMISSIVE"})
    event = F.lit(None)
    for writer in reversed(schemas.writers):
        options = {"mode": "PERMISSIVE", "avroSchema": bare(schemas.reader.schema)}
        body = F.substring(plain, HEADER_BYTES + 1, MAX_VALUE_BYTES)
        fits = _written_by(writer, plain) & (F.octet_length(plain) <= MAX_VALUE_BYTES)
        event = F.when(fits, from_avro(body, bare(writer.schema), options)).otherwise(event)
    for leaf in missing:
        event = event.withField(leaf.path, F.lit(None).cast("string" if leaf.text else "long"))
    return event


def _rules(schemas: Schemas, plain: Column, *, inflating: bool) -> list[Rule]:
    """The ways not to be an event, as far as they can be told from the bytes and the schemas."""
    size = F.octet_length("value")
    too_long = F.concat(size.cast("string"), F.lit(f" bytes; at most {MAX_VALUE_BYTES}"))
    known = reduce(or_, (_written_by(writer, plain) for writer in schemas.writers))
    return [
        Rule("empty", "the value has no bytes", F.coalesce(size, F.lit(0)) == 0),
        Rule("oversized", too_long, size > MAX_VALUE_BYTES),
        *([] if inflating else [Rule("unknown_schema", COMPRESSED, is_compressed())]),
        Rule("bad_header", "no registry header (byte 3, byte 0, version id)", ~_has_header(plain)),
        Rule("unknown_schema", F.col("schema_id"), ~known),
        Rule("oversized", INFLATES_TOO_FAR, F.octet_length(plain) > MAX_VALUE_BYTES),
        *_lacking(schemas.reader),
        Rule("undecodable", _MISFIT, _failed(schemas.reader)),
        Rule("undecodable", "a text is not UTF-8", ~F.is_valid_utf8("texts")),
        *(
            Rule("missing_field", leaf.path, _is_null(leaf))
            for leaf in unexpected_nulls(schemas.reader.family, schemas.reader.schema)
        ),
    ]


def _lacking(reader: SchemaVersion) -> list[Rule]:
    lacking = [leaf.path for leaf in absent(reader.family, reader.schema) if not leaf.nullable]
    says = f"the newest schema has no field {', '.join(lacking)}"
    return [Rule("undecodable", says, F.lit(True))] if lacking else []


def _failed(reader: SchemaVersion) -> Column:
    """A value that does not decode gives a record of nulls."""
    single = [leaf for leaf in leaves(reader.schema) if not leaf.in_array]
    never_null = [leaf for leaf in single if not leaf.nullable][:1]
    return reduce(and_, (_field(leaf).isNull() for leaf in never_null or single))


def _is_null(leaf: Leaf) -> Column:
    if leaf.in_array:
        return F.coalesce(F.exists(_field(leaf), lambda each: each.isNull()), F.lit(True))
    return _field(leaf).isNull()


def _texts(reader: SchemaVersion) -> Column:
    """All texts, joined by a byte that is never part of a longer sequence of UTF-8: they are valid
    together exactly when each of them is."""
    return F.concat_ws(_JOINT, *(_field(leaf) for leaf in leaves(reader.schema) if leaf.text))


def _field(leaf: Leaf) -> Column:
    return F.col(f"event.{leaf.path}")


def _schema_id(schemas: Schemas, plain: Column, *, inflating: bool) -> Column:
    """The id in the header as UUID text; put together only where no branch knows it."""
    digits = F.lower(F.hex(F.substring(plain, 3, 16)))
    parts = [F.substring(digits, start, length) for start, length in _UUID_PARTS]
    text = F.when(_has_header(plain), F.concat_ws("-", *parts))
    for writer in schemas.writers:
        text = F.when(_written_by(writer, plain), str(writer.id)).otherwise(text)
    return text if inflating else F.when(is_compressed(), COMPRESSED).otherwise(text)


def _has_header(plain: Column) -> Column:
    magic = F.substring(plain, 1, len(PLAIN)) == F.lit(PLAIN)
    return magic & (F.octet_length(plain) >= HEADER_BYTES)


def _written_by(writer: SchemaVersion, plain: Column) -> Column:
    return F.substring(plain, 1, HEADER_BYTES) == F.lit(header(writer.id))


def _once(column: Column) -> Column:
    """The same value, computed where it stands and nowhere else.

    Spark moves filters below projections and merges projections by writing a column's expression
    again wherever it is used: a decoded event would be decoded for the filter and again for its
    fields (1.6 times the time). It leaves alone what is not deterministic, as the partition's
    number is declared to be.
    """
    return F.when(F.spark_partition_id() >= 0, column)
