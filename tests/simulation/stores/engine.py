"""The streaming engine in memory: what Spark does with a checkpoint, batch by batch."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from emr_jobs.kernel.batches import BatchRunner
from emr_jobs.kernel.errors import Gap
from emr_jobs.kernel.offset_log import parse_offsets
from tests.simulation.records import Broker, Record, Unread


class Tripped(Exception):
    """The engine ended the query: its checkpoint is not as it left it."""


class Unreadable(Gap):
    """The topic no longer has what the checkpoint says is next, be it applied or not."""


class Checkpoint(dict[str, str]):
    """Files by path."""

    def read(self, path: str) -> str | None:
        return self.get(path)

    def last(self, folder: str) -> int:
        """The highest batch of ``offsets`` or ``commits``; -1 without any."""
        prefix = f"{folder}/"
        found = [int(path[len(prefix) :]) for path in self if path.startswith(prefix)]
        return max(found, default=-1)


class Query:
    """One start of a streaming query."""

    def __init__(
        self,
        broker: Broker,
        topics: Sequence[str],
        files: Checkpoint,
        runner: BatchRunner[list[Record]],
        starting_offsets: Mapping[str, Mapping[int, int]],
    ) -> None:
        self._broker = broker
        self._topics = topics
        self._files = files
        self._runner = runner
        self._starting_offsets = starting_offsets
        self._begun = False

    def trigger(self, limit: int) -> bool:
        """Hand the next batch to the runner; False when there is nothing new."""
        if not self._begun:
            self._begin()
        number = self._next
        path = f"offsets/{number}"
        ends = self._read(path) if self._replays else self._ends(limit)
        if ends == self._at:
            if not self._replays:
                return False
        elif not self._replays:
            if path in self._files:
                raise Tripped(f"another query wrote {path}")
            self._files[path] = _text(ends)
        at, ids = self._at, self._topic_ids()
        self._runner(Unread(lambda: self._records(ids, at, ends)), number)
        if self._files.last("offsets") != number:
            raise Tripped("the offset log has moved on")
        self._files[f"commits/{number}"] = ""
        self._at, self._next, self._replays = ends, number + 1, False
        return True

    def _begin(self) -> None:
        """Find in the checkpoint what is next, with the first batch."""
        files = self._files
        last, committed = files.last("offsets"), files.last("commits")
        if last < 0:
            files.setdefault("sources/0/0", _text(self._starting_offsets))
        self._replays = last > committed
        self._next = last if self._replays else last + 1
        self._at = self._read(f"offsets/{self._next - 1}" if self._next else "sources/0/0")
        self._begun = True

    def _topic_ids(self) -> dict[str, str]:
        return {name: self._broker.topics[name].topic_id for name in self._topics}

    def _read(self, path: str) -> dict[str, dict[int, int]]:
        text = self._files.read(path)
        if text is None:
            raise Tripped(f"no {path}")
        return parse_offsets(text)

    def _ends(self, limit: int) -> dict[str, dict[int, int]]:
        found: dict[str, dict[int, int]] = {}
        for topic in self._topics:
            logs = self._broker.topics[topic].partitions
            starts = self._at.get(topic, {})
            found[topic] = {
                index: max(starts.get(index, 0), min(log.end, starts.get(index, 0) + limit))
                for index, log in enumerate(logs)
            }
        return found

    def _records(
        self,
        ids: Mapping[str, str],
        starts: Mapping[str, Mapping[int, int]],
        ends: Mapping[str, Mapping[int, int]],
    ) -> list[Record]:
        records: list[Record] = []
        if ids != self._topic_ids():
            raise Tripped("a topic was made again under the batch")
        for topic, partitions in ends.items():
            logs = self._broker.topics[topic].partitions
            for index, end in partitions.items():
                start = starts.get(topic, {}).get(index, 0)
                if index >= len(logs) or (start < end and start < logs[index].start):
                    # As `spark.queries.RunningQuery` tells why the source failed.
                    self._runner.require_same_topics()
                    raise Unreadable(f"{topic}/{index}: Kafka has no offset {start} any more")
                records += logs[index].between(start, end)
        return records


def _text(offsets: Mapping[str, Mapping[int, int]]) -> str:
    return "v1\n{}\n" + json.dumps(offsets)
