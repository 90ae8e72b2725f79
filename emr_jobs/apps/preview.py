"""orders to the console: what each batch alone would answer, from the topic's beginning, as lines
of JSON; nothing is stored."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession

from contracts.applications import ORDER_ANSWERS
from contracts.registry import Registry
from contracts.topics import ORDERS
from emr_jobs.apps.asked_questions import ask
from emr_jobs.apps.decoding import Decoder
from emr_jobs.kernel.question import Settings
from emr_jobs.stores.kafka import KafkaClient, KafkaEndpoint, record_columns, stream
from emr_jobs.transforms.events import events

MAX_ROWS = 20


class Preview:
    """A foreachBatch function without progress, epoch or store: it may run beside anything."""

    def __init__(
        self,
        registry: Registry,
        kafka: KafkaClient,
        settings: Settings,
        write: Callable[[str], object],
    ) -> None:
        self._decoder = Decoder(registry, ORDERS)
        self._events = events(ORDERS)
        self._kafka = kafka
        self._asked = ask(ORDER_ANSWERS, settings)
        self._write = write

    def __call__(self, raw: DataFrame, _batch_id: int) -> None:
        ids = self._kafka.topic_ids([ORDERS.name])
        frame = raw.select(*record_columns(ids, self._kafka.cluster_id()))
        good = self._events(self._decoder.classified(frame)).persist()
        try:
            for each in self._asked:
                write_rows(each.question.name, each.partials(good).toArrow(), self._write)
        finally:
            good.unpersist()


def preview_stream(
    spark: SparkSession, endpoint: KafkaEndpoint, kafka: KafkaClient, max_offsets: int
) -> DataFrame:
    """All of the orders topic."""
    return stream(
        spark,
        endpoint,
        starting_offsets=kafka.earliest_offsets([ORDERS.name]),
        group_prefix="shopstream-preview",
        max_offsets=max_offsets,
    )


def write_rows(title: str, rows: pa.Table, write: Callable[[str], object]) -> None:
    """Write a table's first rows, one JSON object a line, and how many there are."""
    write(json.dumps({"answer": title, "rows": rows.num_rows}))
    for row in rows.slice(0, MAX_ROWS).to_pylist():
        write(json.dumps({"answer": title, **{name: _plain(v) for name, v in row.items()}}))


def _plain(value: Any) -> Any:
    match value:
        case bytes():
            return f"{len(value)} bytes"
        case datetime():
            return value.isoformat()
        case Decimal():
            return str(value)
    return value
