"""The yardstick of bench.orders: the same read, decode and window, written to Spark's noop sink.

Prints one line per batch: ``{"batch_rows": ..., "batch_seconds": ...}``.
"""

from __future__ import annotations

import argparse
import json
import sys
import time

from pyspark.sql import DataFrame, SparkSession

from contracts.registry.opening import open_registry
from contracts.topics import ORDERS
from emr_jobs.apps.decoding import Decoder
from emr_jobs.kernel.question import Settings
from emr_jobs.questions import order_metrics
from emr_jobs.spark.planner import checkpoint_manager
from emr_jobs.stores.kafka import KafkaClient, KafkaEndpoint, record_columns, stream
from emr_jobs.transforms.events import events


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--bootstrap-servers", required=True)
    parser.add_argument("--checkpoint", required=True)
    parser.add_argument("--max-offsets", type=int, required=True)
    given = parser.parse_args()
    endpoint = KafkaEndpoint(given.bootstrap_servers, "none")
    kafka = KafkaClient(endpoint)
    spark = _session(given.checkpoint)
    decoder = Decoder(open_registry("bundled"), ORDERS)
    columns = record_columns(kafka.topic_ids([ORDERS.name]), kafka.cluster_id())
    good, windows = events(ORDERS), order_metrics.QUESTION.prepare(Settings())

    def measure(raw: DataFrame, _batch_id: int) -> None:
        classified = decoder.classified(raw.select(*columns))
        windows(good(classified)).write.format("noop").mode("overwrite").save()

    earliest = kafka.earliest_offsets([ORDERS.name])
    ends = sum(kafka.end_offsets([ORDERS.name])[ORDERS.name].values())
    query = (
        stream(
            spark,
            endpoint,
            starting_offsets=earliest,
            group_prefix="bench",
            max_offsets=given.max_offsets,
        )
        .writeStream.foreachBatch(measure)
        .option("checkpointLocation", given.checkpoint)
        .trigger(processingTime="0 seconds")
        .start()
    )
    shown, done = -1, 0
    while done < ends and query.isActive:
        for progress in query.recentProgress:
            if progress["batchId"] > shown and progress["numInputRows"]:
                shown = int(progress["batchId"])
                done += int(progress["numInputRows"])
                seconds = progress["durationMs"]["triggerExecution"] / 1000
                line = {"batch_rows": progress["numInputRows"], "batch_seconds": seconds}
                sys.stdout.write(json.dumps(line) + "\n")
                sys.stdout.flush()
        time.sleep(0.1)
    query.stop()
    spark.stop()


def _session(checkpoint: str) -> SparkSession:
    """Configured as the applications' session, without their catalog."""
    spark = (
        SparkSession.builder.config("spark.sql.adaptive.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.sql.objectHashAggregate.sortBased.fallbackThreshold", "50000")
        .config("spark.sql.streaming.noDataMicroBatches.enabled", "false")
        .config(
            "spark.sql.streaming.checkpointFileManagerClass", checkpoint_manager(checkpoint) or ""
        )
        .getOrCreate()
    )
    cores = spark.sparkContext.defaultParallelism
    spark.conf.set("spark.sql.shuffle.partitions", str(cores))
    return spark


if __name__ == "__main__":
    main()
