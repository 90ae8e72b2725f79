"""Spark tells a listener what its queries do."""

from __future__ import annotations

import queue
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

from emr_jobs.spark.listener import listen
from tests.spark.session import SPARK

pytestmark = SPARK


class Heard:
    """Keeps what it is told, in order."""

    def __init__(self) -> None:
        self.words: queue.Queue[tuple[str, Any]] = queue.Queue()

    def next(self) -> tuple[str, Any]:
        return self.words.get(timeout=60)

    def started(self, run: str, name: str) -> None:
        self.words.put(("started", (run, name)))

    def progressed(self, progress: dict[str, Any]) -> None:
        self.words.put(("progressed", progress))

    def idle(self, run: str) -> None:
        self.words.put(("idle", run))

    def ended(self, reason: str) -> None:
        self.words.put(("ended", reason))


def test_a_query_tells_its_start_its_batches_when_it_is_idle_and_its_end(
    spark: SparkSession, tmp_path: Path
) -> None:
    heard = Heard()
    listen(spark, heard)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "one.txt").write_text("a line\n")
    query = (
        spark.readStream.text(str(tmp_path / "in"))
        .writeStream.queryName("lines")
        .foreachBatch(lambda frame, _id: frame.count() and None)
        .option("checkpointLocation", str(tmp_path / "checkpoint"))
        .start()
    )
    run = str(query.runId)
    assert heard.next() == ("started", (run, "lines"))
    word, progress = heard.next()
    assert (word, progress["name"], progress["runId"]) == ("progressed", "lines", run)
    assert progress["durationMs"]["triggerExecution"] > 0
    assert heard.next() == ("idle", run)
    query.stop()
    said = heard.next()
    while said[0] == "idle":
        said = heard.next()
    assert said == ("ended", "")


def test_a_query_that_fails_says_why(spark: SparkSession, tmp_path: Path) -> None:
    heard = Heard()
    listen(spark, heard)

    def fail(_frame: object, _id: int) -> None:
        raise RuntimeError("no such answer")

    query = (
        spark.readStream.format("rate")
        .load()
        .writeStream.queryName("failing")
        .foreachBatch(fail)
        .option("checkpointLocation", str(tmp_path / "checkpoint"))
        .start()
    )
    said = heard.next()
    while said[0] != "ended":
        said = heard.next()
    assert "no such answer" in said[1]
    assert not query.isActive
