"""The room on the disk of a laptop's stack, which also needs some for what waits in Kafka."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from confluent_kafka import Consumer, KafkaException, TopicPartition

from contracts.applications import APPLICATIONS
from contracts.laptop.free_space import MB, kept_free, needed_for
from contracts.tables.postgres import PROGRESS
from producer.patient_postgres import PatientPostgres

# To go on, a disk must have a quarter more free than to send, and twice what waits in Kafka needs.
# A run would else stop and go with each batch.
_MORE_TO_GO_ON, _TIMES_TO_GO_ON = 4, 2
# While a disk has so much to spare, one look of ten asks Kafka and Postgres. What is sent
# meanwhile, at 150,000 events per second, needs 2.4 GB.
_LOOKS, _AMPLE = 10, 4096 * MB
_ANSWER_SECONDS = 5.0
_PROGRESS = f"SELECT application, topic_id, partition, until FROM {PROGRESS.name}"


class DiskRoom:
    """The disk that holds `folder`. `waiting` counts the records in Kafka that are not applied, by
    topic."""

    def __init__(
        self, folder: Path, waiting: Callable[[], Mapping[str, int]], close: Callable[[], None]
    ) -> None:
        self._folder = folder
        self._waiting = waiting
        self._is_short = False
        self._looks = self._needed = 0
        self.close = close

    def lacking(self) -> str:
        disk = shutil.disk_usage(self._folder)
        kept = kept_free(disk.total)
        waiting = self._needed_for_waiting(disk.free - kept)
        needed = kept + waiting
        if self._is_short:
            needed = kept + kept // _MORE_TO_GO_ON + _TIMES_TO_GO_ON * waiting
        self._is_short = disk.free < needed
        if not self._is_short:
            return ""
        return (
            f"the disk of {self._folder} has {disk.free // MB:,} MB free, of which {kept // MB:,} "
            f"MB stay free and {waiting // MB:,} MB are for what waits in Kafka: nothing is sent "
            "until there is more"
        )

    def _needed_for_waiting(self, spare: int) -> int:
        if self._looks % _LOOKS == 0 or spare < self._needed + _AMPLE:
            self._needed = needed_for(self._waiting())
        self._looks += 1
        return self._needed


class Backlog:
    """The records of topics, whose ids are given by their names, that were not applied yet."""

    def __init__(
        self, bootstrap_servers: str, topic_ids: Mapping[str, str], postgres: PatientPostgres
    ) -> None:
        self._topic_ids = topic_ids
        self._postgres = postgres
        # It only asks, and joins no group.
        self._consumer = Consumer(
            {"bootstrap.servers": bootstrap_servers, "group.id": "none", "log_level": 0}
        )
        self._ends: dict[tuple[str, int], int] = {}

    def records(self) -> Mapping[str, int]:
        """How many there are by topic. While no broker answers, topics end where they ended."""
        # Nothing arrives meanwhile, and what is sent waits for the broker by itself.
        with suppress(KafkaException):
            self._read_ends()
        rows = self._postgres.keep(
            lambda connection: connection.execute(_PROGRESS).fetchall(),
            "Postgres does not tell what the applications have applied",
        )
        applied = {(app, topic_id, part): until for app, topic_id, part, until in rows}
        return waiting_records(self._ends, self._topic_ids, applied)

    def close(self) -> None:
        self._consumer.close()
        self._postgres.close()

    def _read_ends(self) -> None:
        if not self._ends:
            known = self._consumer.list_topics(timeout=_ANSWER_SECONDS).topics
            self._ends = {
                (one, part): 0 for one in self._topic_ids for part in known[one].partitions
            }
        for topic, partition in self._ends:
            found = self._consumer.get_watermark_offsets(
                TopicPartition(topic, partition), timeout=_ANSWER_SECONDS
            )
            if found is not None:
                self._ends[topic, partition] = found[1]


def waiting_records(
    ends: Mapping[tuple[str, int], int],
    topic_ids: Mapping[str, str],
    applied: Mapping[tuple[str, str, int], int],
) -> Mapping[str, int]:
    """The records by topic that the slowest reader of each partition has still to apply.

    `ends` are by topic and partition, `applied` by application, the topic's id and partition. Who
    has applied nothing begins at the first offset.
    """
    waiting: Counter[str] = Counter()
    for (topic, partition), end in ends.items():
        readers = [app.name for app in APPLICATIONS if topic in {one.name for one in app.reads}]
        until = [applied.get((name, topic_ids[topic], partition), 0) for name in readers]
        waiting[topic] += max(0, end - min(until, default=end))
    return waiting
