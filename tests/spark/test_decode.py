"""Decoding with schemas that come and go, and what it costs; the rules are in conformance."""

from __future__ import annotations

import io
import json
from typing import Any
from uuid import UUID

import fastavro
import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from contracts.codec import decode as decode_in_python
from contracts.codec import header
from contracts.events import from_record
from contracts.registry import BundledRegistry, MemoryStore, SchemaVersion
from contracts.rejections import Rejection
from contracts.schemas import bundled_schemas
from contracts.topics import CLICKS, ORDERS
from emr_jobs.transforms.classify import classify
from emr_jobs.transforms.decode import Schemas, decode
from emr_jobs.transforms.events import events
from tests.contracts import handmade
from tests.contracts.handmade import APPEND_TIME
from tests.spark.rows import REGISTRY, classified, in_order, records, schemas
from tests.spark.session import SPARK

pytestmark = SPARK

V1 = bundled_schemas()["orders"][0]


def changed(**fields: Any) -> str:
    """The orders' schema with fields replaced, added at the end, or (None) taken away."""
    schema = json.loads(V1)
    kept = {field["name"]: field for field in schema["fields"]} | fields
    return json.dumps(schema | {"fields": [field for field in kept.values() if field]})


COUPON = {"name": "coupon", "type": ["null", "string"], "default": None}
OPTIONAL_PLACE = {"name": "location", "type": ["null", "string"], "default": None}
OPTIONAL_LINES = {
    "name": "lines",
    "default": [],
    "type": {
        "type": "array",
        "items": {
            "type": "record",
            "name": "OrderLine",
            "fields": [
                {"name": "product_id", "type": ["null", "string"], "default": None},
                {"name": "product_name", "type": "string"},
                {"name": "category", "type": "string"},
                {"name": "quantity", "type": "int"},
                {"name": "unit_price", "type": "long"},
            ],
        },
    },
}


def registry_with(newest: str) -> BundledRegistry:
    return BundledRegistry(MemoryStore({**bundled_schemas(), "orders": (V1, newest)}))


def written(writer: SchemaVersion, record: dict[str, Any]) -> bytes:
    body = io.BytesIO()
    fastavro.schemaless_writer(body, fastavro.parse_schema(json.loads(writer.schema)), record)
    return header(writer.id) + body.getvalue()


def no_product(record: dict[str, Any]) -> dict[str, Any]:
    return record | {"lines": [handmade.line(product_id=None)]}


@pytest.mark.parametrize(
    ("newest", "record"),
    [
        pytest.param(changed(coupon=COUPON), handmade.order(coupon="X"), id="a field is added"),
        pytest.param(changed(device_id=None), handmade.order(), id="an optional field is gone"),
        pytest.param(changed(location=None), handmade.order(), id="a field events need is gone"),
        pytest.param(
            changed(location=OPTIONAL_PLACE), handmade.order(), id="a field may be null and is not"
        ),
        pytest.param(
            changed(location=OPTIONAL_PLACE), handmade.order(location=None), id="a field is null"
        ),
        pytest.param(
            changed(lines=OPTIONAL_LINES), no_product(handmade.order()), id="a line's field is null"
        ),
        pytest.param(changed(lines=OPTIONAL_LINES), handmade.order(), id="a line's field could be"),
    ],
)
def test_a_new_schema_is_read_as_python_reads_it(
    spark: SparkSession, newest: str, record: dict[str, Any]
) -> None:
    registry = registry_with(newest)
    old, new = registry.versions("orders")
    values = [written(old, handmade.order()), written(new, record)]
    frame = classified(spark, ORDERS, [(value, APPEND_TIME) for value in values], registry)
    for row, value in zip(in_order(frame), values, strict=True):
        expected = decode_in_python(ORDERS, value, APPEND_TIME, registry)
        if isinstance(expected, Rejection):
            assert (row["reason"], row["detail"]) == (expected.reason, expected.detail)
        else:
            assert row["reason"] is None
            assert from_record(ORDERS, row["event"]) == expected
    assert events(ORDERS)(frame).count() == sum(row["reason"] is None for row in in_order(frame))


def test_a_schema_unknown_today_is_decoded_tomorrow(spark: SparkSession) -> None:
    registry = registry_with(changed(coupon=COUPON))
    value = written(registry.latest("orders"), handmade.order(coupon="X"))
    rows = [(value, APPEND_TIME), (handmade.value(ORDERS, handmade.order()), APPEND_TIME)]
    today = decode(ORDERS, schemas(ORDERS))(records(spark, ORDERS, rows))
    assert unknown(today) == [str(registry.latest("orders").id)]
    tomorrow = decode(ORDERS, schemas(ORDERS, registry))(records(spark, ORDERS, rows))
    assert unknown(tomorrow) == []
    assert [row["reason"] for row in in_order(tomorrow)] == [None, None]


def unknown(decoded: DataFrame) -> list[str]:
    return [r["schema_id"] for r in in_order(decoded) if r["reason"] == "unknown_schema"]


def test_the_schema_id_is_shown_as_the_registry_writes_it(spark: SparkSession) -> None:
    known, unheard = REGISTRY.latest("orders").id, UUID("00000000-0000-0000-0000-0000000000aB")
    values = [header(known), header(unheard), b"\x03\x00 too short", None]
    frame = classified(spark, ORDERS, [(value, APPEND_TIME) for value in values])
    assert [row["schema_id"] for row in in_order(frame)] == [str(known), str(unheard), None, None]


def test_a_value_is_decoded_once(spark: SparkSession) -> None:
    local = records(spark, ORDERS, [])
    # Of an RDD, because the optimizer evaluates filters over local rows itself.
    raw = spark.createDataFrame(local.rdd, local.schema)
    good = events(ORDERS)(classify(ORDERS)(decode(ORDERS, schemas(ORDERS))(raw)))
    late = good.where(
        (F.col("total") > 5) & (F.col("late_by_us") > 0) & F.col("region").isNotNull()
    )
    assert optimized(late).count("from_avro(") == 1


def optimized(frame: DataFrame) -> str:
    plan: str = frame._jdf.queryExecution().optimizedPlan().toString()
    return plan


@pytest.mark.parametrize(
    ("topic", "given", "says"),
    [
        pytest.param(CLICKS, schemas(ORDERS), "holds 'clicks', not 'orders'", id="another family"),
    ],
)
def test_schemas_are_of_the_topic(
    spark: SparkSession, topic: Any, given: Schemas, says: str
) -> None:
    with pytest.raises(ValueError, match=says):
        decode(topic, given)


def test_the_reader_is_one_of_the_writers() -> None:
    with pytest.raises(ValueError, match="do not include the reader"):
        Schemas((), REGISTRY.latest("orders"))
