"""Plain Spark with its own defaults: read topics, decode them with `from_avro`, write nowhere.

The topics are separated by commas. One line per batch is printed: ``{"batch_rows": ...,
"batch_seconds": ...}``. It runs until it is ended.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

from pyspark.sql import Column, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.avro.functions import from_avro

# Before each Avro body stand two bytes and the 16 of the id that the registry gave to the schema.
HEADER_BYTES = 18


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bootstrap-servers", required=True)
    parser.add_argument("--topics", required=True)
    parser.add_argument("--checkpoint", required=True)
    parser.add_argument("--max-offsets", type=int, required=True)
    given = parser.parse_args()
    spark = SparkSession.builder.getOrCreate()
    records = (
        spark.readStream.format("kafka")
        .option("kafka.bootstrap.servers", given.bootstrap_servers)
        .option("subscribe", given.topics)
        .option("startingOffsets", "earliest")
        .option("maxOffsetsPerTrigger", given.max_offsets)
        .load()
    )
    query = (
        records.select("topic", "partition", "offset", *map(_event, given.topics.split(",")))
        .writeStream.format("noop")
        .option("checkpointLocation", given.checkpoint)
        .start()
    )
    shown = -1
    while query.isActive:
        for progress in query.recentProgress:
            if progress["batchId"] > shown and progress["numInputRows"]:
                shown = int(progress["batchId"])
                seconds = progress["durationMs"]["triggerExecution"] / 1000
                line = {"batch_rows": progress["numInputRows"], "batch_seconds": seconds}
                sys.stdout.write(json.dumps(line) + "\n")
                sys.stdout.flush()
        # Spark keeps the progress of the last hundred batches and calls nobody.
        time.sleep(0.1)


def _event(topic: str) -> Column:
    schema = (Path(__file__).parent / f"{topic}.avsc").read_text()
    body = F.substring("value", HEADER_BYTES + 1, 1 << 20)
    event = from_avro(F.when(F.col("topic") == topic, body), schema, {"mode": "PERMISSIVE"})
    return event.alias(topic)


if __name__ == "__main__":
    main()
