"""Batches of Kafka's records as Spark hands them to the batch runner."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from pyspark.sql import DataFrame, SparkSession

from emr_jobs.kernel.batches import StreamIdentity
from emr_jobs.kernel.ranges import OffsetRange, count_of
from emr_jobs.spark.planner import read_tasks, shuffle_tasks
from emr_jobs.stores.kafka import KafkaClient, empty_record, record_columns
from emr_jobs.stores.offset_ranges import within


class SparkSource:
    """The records of a stream, as the lake names them (`stores.kafka.record_columns`)."""

    def __init__(self, spark: SparkSession, kafka: KafkaClient, identity: StreamIdentity) -> None:
        self._spark = spark
        self._kafka = kafka
        self._columns = record_columns(identity.topic_ids, identity.cluster_id)

    def topic_ids(self, topics: Iterable[str]) -> Mapping[str, str]:
        return self._kafka.topic_ids(topics)

    def records(self, raw: DataFrame, ranges: Iterable[OffsetRange]) -> DataFrame:
        """The records in few tasks. The session is the query's own; a cluster has more cores when
        more executors have come."""
        count = count_of(ranges)
        session = raw.sparkSession
        tasks = shuffle_tasks(count, session.sparkContext.defaultParallelism)
        session.conf.set("spark.sql.shuffle.partitions", str(tasks))
        return raw.coalesce(read_tasks(count)).select(*self._columns)

    def within(self, records: DataFrame, ranges: Iterable[OffsetRange]) -> DataFrame:
        return records.where(within(ranges))

    def empty_record(self, topic: str, at: datetime) -> DataFrame:
        """In a session beside the query's, so that whatever comes meanwhile need not wait."""
        return empty_record(self._spark.newSession(), topic, at)
