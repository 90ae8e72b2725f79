"""When is the pipeline done? Waiting until everything that was sent is applied and at rest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from contracts.applications import APPLICATIONS
from contracts.errors import NotReady
from readers.kafka import PartitionOffsets

POLL_SECONDS = 1.0
AGREEING_POLLS = 3
# A supervisor starts a failed application again after a while; only one that stays down is down.
DOWN_SECONDS = 30.0
SAY_SECONDS = 5.0

_DOWN = ("stopped", "failed")


@dataclass(frozen=True)
class Counters:
    """One look at the pipeline. `until`: (application, topic id, partition) -> applied offsets.

    `unpublished` counts the answers that a gold table must show and does not show yet, and such
    batches for Valkey. `states` holds each application's state and detail.
    """

    partitions: tuple[PartitionOffsets, ...]
    until: Mapping[tuple[str, str, int], int]
    unsent: int
    unpublished: Mapping[str, int]
    journal: Mapping[str, int]
    states: Mapping[str, tuple[str, str]]

    def behind(self) -> list[str]:
        """What is not done yet, in words; empty when all is applied, sent and published."""
        found = []
        for application in APPLICATIONS:
            topics = {topic.name for topic in application.reads}
            for p in self.partitions:
                applied = self.until.get((application.name, p.topic_id, p.partition), 0)
                if p.topic in topics and applied < p.high:
                    open_ = " (a transaction is open)" if applied >= p.stable else ""
                    found.append(
                        f"{application.name}: {p.topic}/{p.partition} applied {applied} of {p.high}"
                        f"{open_}"
                    )
        if self.unsent:
            found.append(f"alerts: {self.unsent} not sent to Kafka yet")
        for table, rows in sorted(self.unpublished.items()):
            if rows:
                found.append(f"{table}: {rows} not published yet")
        return found

    def down(self) -> list[str]:
        """The applications that do not work, with their reason."""
        return [
            f"{name} is {state}: {detail or 'no reason given'}"
            for name, (state, detail) in sorted(self.states.items())
            if state in _DOWN
        ]


def wait(
    look: Callable[[], Counters],
    *,
    deadline: float,
    clock: Callable[[], float],
    sleep: Callable[[float], None],
    say: Callable[[str], None],
) -> Counters:
    """Look until three looks in a row agree that all is done; NotReady at the deadline, or when an
    application stays down before it is."""
    started, said = clock(), float("-inf")
    down_since: float | None = None
    before: Counters | None = None
    agreeing = 0
    while True:
        now = look()
        behind = now.behind()
        agreeing = agreeing + 1 if not behind and now == before else int(not behind)
        if agreeing >= AGREEING_POLLS:
            return now
        at = clock()
        down_since = (down_since if down_since is not None else at) if now.down() else None
        if behind and down_since is not None and at - down_since >= DOWN_SECONDS:
            raise _stopped(now, behind)
        if at - started >= deadline:
            raise _too_late(now, behind, deadline)
        if behind and at - said >= SAY_SECONDS:
            say(f"waiting {at - started:.0f} s: " + _short(behind))
            said = at
        before = now
        sleep(POLL_SECONDS)


def _short(behind: list[str]) -> str:
    rest = f" (and {len(behind) - 3} more)" if len(behind) > 3 else ""
    return "; ".join(behind[:3]) + rest


def _stopped(now: Counters, behind: list[str]) -> NotReady:
    return NotReady(
        f"{'; '.join(now.down())}; not applied: {'; '.join(behind)}",
        cause="the application ended by itself and nothing starts it again",
        command="shopstream logs spark, then shopstream up",
    )


def _too_late(now: Counters, behind: list[str], deadline: float) -> NotReady:
    missing = behind or ["the counters keep changing: something is still being sent"]
    counters = "; ".join(
        [
            *(f"{p.topic}/{p.partition} [{p.low}, {p.high})" for p in now.partitions),
            *(f"{a} {i[:8]}/{n} until {u}" for (a, i, n), u in sorted(now.until.items())),
            *(f"{name} journal {last}" for name, last in sorted(now.journal.items())),
            *(f"{name} {state}" for name, (state, _) in sorted(now.states.items())),
        ]
    )
    return NotReady(
        f"not caught up after {deadline:.0f} s: {'; '.join(missing)}. Counters: {counters}",
        cause="the applications are slow, stopped, or events keep arriving",
        command="shopstream status, then shopstream verify --deadline SECONDS",
    )
