"""Runs of applications, as every kind of EMR shows them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from contracts.aws.spark_submit import Submission

JobRunState = Literal["starting", "running", "ending", "ended", "failed"]
_NAME = re.compile(r"shopstream-(?P<application>\w+)-(?P<fingerprint>[0-9a-f]{16})-(?P<number>\d+)")


@dataclass(frozen=True)
class JobRunName:
    """The name of a run. It says what runs, so no state has to be kept anywhere."""

    application: str
    fingerprint: str
    number: int

    def __str__(self) -> str:
        return f"shopstream-{self.application}-{self.fingerprint}-{self.number}"

    @classmethod
    def parse(cls, text: str) -> JobRunName | None:
        """The parts of a name of ours; None for any other name."""
        found = _NAME.fullmatch(text)
        return found and cls(found["application"], found["fingerprint"], int(found["number"]))


@dataclass(frozen=True)
class JobRun:
    """One driver, past or present. `ended_at` is None while it lives."""

    id: str
    name: JobRunName
    state: JobRunState
    created_at: datetime
    ended_at: datetime | None = None

    @property
    def alive(self) -> bool:
        return self.state in ("starting", "running", "ending")


class JobRuns(Protocol):
    """Where runs are started and stopped."""

    def observed(self) -> Sequence[JobRun]:
        """Every run that is alive, and those that ended lately."""

    def start(self, name: JobRunName, submission: Submission, *, take_over: bool) -> None:
        """Start a run. Starting one of the same name again changes nothing."""

    def stop(self, run: JobRun) -> None:
        """Ask a run to end. Asking again changes nothing."""

    def shut_down(self) -> bool:
        """Stop what the runs ran on, once none is alive. Returns whether it can be deleted yet."""
