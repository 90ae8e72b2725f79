"""Events in files that can be read back: a folder with one ``<topic>.ndjson`` per topic.

Each line is an object with ``key``, ``value`` (base64 of the bytes that Kafka would get) and
``sequence``. The number of a line, from 0, is the event's offset. A run appends to the files that
are there.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO

from contracts.errors import Usage
from contracts.topics import Topic
from producer.outlets import Deliveries, Destination

_SUFFIX = ".ndjson"


class FileOutlet:
    """Appends events to a folder; an event is acknowledged when the file system has it."""

    def __init__(self, folder: Path, *, clock: Callable[[], int]) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Usage(f"the folder {folder} cannot be made: {error.strerror}") from error
        self._folder = folder
        self._clock = clock
        self._files: dict[str, IO[bytes]] = {}
        self._offsets: dict[str, int] = {}
        self._unsynced: list[tuple[int, int]] = []
        # sequence, offset, append time
        self._synced: list[tuple[int, int, int]] = []

    def destination(self) -> Destination:
        return Destination(f"file:{self._folder.name}")

    def send(
        self,
        topic: Topic,
        keys: Sequence[bytes],
        values: Sequence[bytes],
        sequences: Sequence[int],
    ) -> None:
        file = self._files.get(topic.name) or self._open(topic)
        for key, value, sequence in zip(keys, values, sequences, strict=True):
            line = {
                "key": base64.b64encode(key).decode(),
                "value": base64.b64encode(value).decode(),
                "sequence": sequence,
            }
            file.write(json.dumps(line).encode() + b"\n")
            self._unsynced.append((sequence, self._offsets[topic.name]))
            self._offsets[topic.name] += 1

    def deliveries(self) -> Deliveries:
        taken, self._synced = self._synced, []
        sequences, offsets, append_times = zip(*taken, strict=True) if taken else ((), (), ())
        return Deliveries(sequences, [0] * len(taken), offsets, append_times)

    def flush(self, timeout: float) -> int:  # noqa: ARG002 - a file needs no wait
        for file in self._files.values():
            file.flush()
            os.fsync(file.fileno())
        now = self._clock()
        self._synced += [(sequence, offset, now) for sequence, offset in self._unsynced]
        self._unsynced.clear()
        return 0

    def close(self) -> None:
        for file in self._files.values():
            file.close()

    def _open(self, topic: Topic) -> IO[bytes]:
        path = self._folder / f"{topic.name}{_SUFFIX}"
        self._offsets[topic.name] = sum(1 for _ in read_back(self._folder, topic))
        file = self._files[topic.name] = path.open("ab")
        return file


def read_back(folder: Path, topic: Topic) -> Iterator[tuple[bytes, bytes]]:
    """The (key, value) pairs of a topic in the order in which they were sent."""
    path = folder / f"{topic.name}{_SUFFIX}"
    if not path.exists():
        return
    with path.open("rb") as lines:
        for line in lines:
            entry = json.loads(line)
            yield base64.b64decode(entry["key"]), base64.b64decode(entry["value"])
