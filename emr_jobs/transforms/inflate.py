"""Values that the serializer of AWS Glue compressed, as the values that they were before."""

from __future__ import annotations

import zlib
from typing import Any

import pyarrow as pa
from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql.pandas.functions import arrow_udf

from contracts.codec import HEADER_BYTES, PLAIN, ZLIB
from contracts.rejections import MAX_VALUE_BYTES

_STEP_BYTES = 64 * 1024


def is_compressed() -> Column:
    """Condition: the value says that it is compressed, and is not too long to be looked at."""
    fits = F.octet_length("value").between(HEADER_BYTES, MAX_VALUE_BYTES)
    return (F.substring("value", 1, len(ZLIB)) == F.lit(ZLIB)) & fits


def plain_value() -> Column:
    """The value, uncompressed: a bomb is one byte longer than a value may be, and one that does not
    inflate is a header alone. Python's workers are shown the compressed values only."""
    packed = F.when(is_compressed(), F.col("value"))
    # Declared so, Spark calls it where it stands and not again wherever it is used.
    untyped: Any = arrow_udf
    inflate = untyped(_inflated_all, "binary").asNondeterministic()
    return F.coalesce(inflate(packed), F.col("value"))


def _inflated_all(values: pa.Array) -> pa.Array:
    return pa.array((inflated(each) for each in values.to_pylist()), pa.binary())


def inflated(value: bytes | None) -> bytes | None:
    """The plain form of a compressed value, of at most MAX_VALUE_BYTES + 1 bytes."""
    if value is None:
        return None
    plain = bytearray(PLAIN + value[len(PLAIN) : HEADER_BYTES])
    stream, rest = zlib.decompressobj(), value[HEADER_BYTES:]
    try:
        while not stream.eof and len(plain) <= MAX_VALUE_BYTES:
            before = len(plain)
            plain += stream.decompress(rest, min(_STEP_BYTES, MAX_VALUE_BYTES + 1 - before))
            rest = stream.unconsumed_tail
            if len(plain) == before and not rest:
                break
    except zlib.error:
        return bytes(plain[:HEADER_BYTES])
    whole = stream.eof or len(plain) > MAX_VALUE_BYTES
    return bytes(plain) if whole else bytes(plain[:HEADER_BYTES])
