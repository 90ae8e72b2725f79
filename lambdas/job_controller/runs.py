"""Runs of applications as EMR shows them, whichever kind of EMR it is."""

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
    """What a run is called: enough to know what it runs without keeping state anywhere."""

    application: str
    fingerprint: str
    number: int

    def __str__(self) -> str:
        return f"shopstream-{self.application}-{self.fingerprint}-{self.number}"

    @classmethod
    def parse(cls, text: str) -> JobRunName | None:
        """The parts of a name of ours; None for another's."""
        found = _NAME.fullmatch(text)
        return found and cls(found["application"], found["fingerprint"], int(found["number"]))


@dataclass(frozen=True)
class JobRun:
    """One driver, past or present; `ended_at` is None while it lives."""

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
        """Start a run; starting one of the same name again changes nothing."""

    def stop(self, run: JobRun) -> None:
        """Ask a run to end; asking again changes nothing."""

    def shut_down(self) -> bool:
        """Once no run is alive, stop what they ran on; whether it can be deleted yet."""
