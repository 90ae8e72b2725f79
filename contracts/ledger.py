"""The producer's ledger: files that say what it tried to send and what was acknowledged.

There is one folder per run, with ``run.json`` (a `Run`), ``attempts.csv`` and ``outcomes.csv``. The
csv files only grow, and they are synced every second. After a crash their last line may be torn; a
torn line is ignored. An attempt without an outcome is unknown: it may be in the topic (it is then
counted as recovered) or not.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

RUN_FILE = "run.json"
ATTEMPTS_FILE = "attempts.csv"
OUTCOMES_FILE = "outcomes.csv"
# The `position` of a replayed event is the number of its first data row in the file, from 1. That
# of a simulated event is its number in the run, from 1. A copy has a sequence of its own and the
# position of its twin.
ATTEMPT_COLUMNS = ("sequence", "event_id", "topic", "position")
# `append_time` is in microseconds UTC. Partition, offset and append_time are empty unless the event
# was acknowledged. The `detail` of a failed event says why it failed. The one of a simulated event
# that was acknowledged says what must become of it: ``late``, ``duplicate``, ``quarantine:REASON``,
# or nothing if it must be in silver and on time.
OUTCOME_COLUMNS = ("sequence", "outcome", "partition", "offset", "append_time", "detail")

LayoutName = Literal["online-retail", "rees46", "orders"]


@dataclass(frozen=True)
class SourceFile:
    """The slice of a data file that a run replayed.

    `edition` begins with the data set, and decides the events' ids together with what the rows say
    (see `contracts.events.replayed_order_id`): two runs with one edition send equal rows as equal
    events. A run holds the events whose first data row lies in [`first_row`, `last_row`];
    `last_row` is the last one attempted and grows while the run lasts.
    `shift_us` was added to every time of the file. The digests of the tables are empty if the
    layout uses no tables. `reading` holds what a person said of the file (`READING` of
    `contracts.producer_options`, by key), and the time zone of a file with local times; the rest
    was found in it.
    """

    layout: LayoutName
    sha256: str
    edition: str
    shift_us: int
    first_row: int
    last_row: int
    categories_sha256: str
    regions_sha256: str
    reading: dict[str, str] = field(default_factory=dict)

    @property
    def data_set(self) -> str:
        """The data set that the rows belong to."""
        return self.edition.partition(":")[0]

    @property
    def has_ids_of_bytes(self) -> bool:
        """Whether an earlier version sent this run: its ids came from the bytes of the file."""
        return self.edition.startswith(self.sha256)


@dataclass(frozen=True)
class Run:
    """One run of one producer. `topic_ids` are the broker's when the run began, by topic name."""

    run: str
    producer: str
    started_at: int
    cluster_id: str
    topic_ids: dict[str, str]
    source: SourceFile | None = None
    finished: bool = False
    rejected: dict[str, int] = field(default_factory=dict)

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=2)

    @staticmethod
    def from_json(text: str) -> Run:
        """The run of a ``run.json``; ValueError or TypeError if the text is not one."""
        fields: dict[str, Any] = json.loads(text)
        source = fields.pop("source", None)
        return Run(**fields, source=SourceFile(**source) if source else None)
