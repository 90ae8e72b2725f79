"""What a simulation tells: one line per second, and numbers for a program at the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from contracts.errors import INTERRUPTED
from producer.room import GateLines

_QUARANTINE = "quarantine:"


@dataclass
class SimulationProgress:
    """What happened so far. `by_topic` and `verdicts` (by their names in `VERDICTS`) count
    acknowledged events; `sample` describes the latest order above `HIGH_VALUE`, and `closed_by`
    says why nothing is sent now."""

    events: int = 0
    attempted: int = 0
    acknowledged: int = 0
    failed: int = 0
    first_failure: str = ""
    unknown: int = 0
    fraud_orders: int = 0
    high_value: int = 0
    sample: str = ""
    closed_by: str = ""
    by_topic: dict[str, int] = field(default_factory=dict)
    verdicts: dict[str, int] = field(default_factory=dict)

    @staticmethod
    def together(parts: Iterable[SimulationProgress]) -> SimulationProgress:
        """The sum of several workers' progress."""
        whole = SimulationProgress()
        by_topic: Counter[str] = Counter()
        verdicts: Counter[str] = Counter()
        for part in parts:
            for name, value in vars(part).items():
                if isinstance(value, int):
                    setattr(whole, name, getattr(whole, name) + value)
            whole.first_failure = whole.first_failure or part.first_failure
            whole.sample = part.sample or whole.sample
            whole.closed_by = whole.closed_by or part.closed_by
            by_topic.update(part.by_topic)
            verdicts.update(part.verdicts)
        whole.by_topic, whole.verdicts = dict(by_topic), dict(verdicts)
        return whole


class StatusLines:
    """Turns progress into the line of each second; high-value orders get a line of their own."""

    def __init__(self, began: float) -> None:
        self._told = began
        self._before = SimulationProgress()
        self._gate = GateLines()

    def lines(self, progress: SimulationProgress, now: float) -> list[str]:
        """What is new since the last call; `now` is in seconds of any clock that only grows."""
        rate = (progress.acknowledged - self._before.acknowledged) / max(1e-9, now - self._told)
        topics = ", ".join(
            f"{name.removeprefix('ecommerce-')} {count:,}"
            for name, count in progress.by_topic.items()
        )
        lines = [
            f"{progress.attempted:,} sent, {progress.acknowledged:,} acknowledged "
            f"({rate:,.0f}/s): {topics or 'none yet'}"
        ]
        if new := progress.high_value - self._before.high_value:
            lines.append(f"  high value: {new:,} new, {progress.sample}")
        self._told, self._before = now, progress
        return self._gate.lines(progress.closed_by, lines)


@dataclass(frozen=True)
class SimulationSummary:
    """A simulation's result. `runs` are those of its workers. The verdicts in `progress` are what
    `shopstream verify` must find."""

    progress: SimulationProgress
    runs: list[str]
    seed: int
    start_us: int
    finished: bool
    seconds: float
    labels: list[str]
    ledger: str | None

    @property
    def exit_code(self) -> int:
        if self.progress.failed or self.progress.unknown:
            return 1
        return 0 if self.finished else INTERRUPTED

    @property
    def quarantine(self) -> dict[str, int]:
        """How many acknowledged events must end up in quarantine, by reason."""
        return {
            name.removeprefix(_QUARANTINE): count
            for name, count in sorted(self.progress.verdicts.items())
            if name.startswith(_QUARANTINE)
        }

    def as_fields(self) -> dict[str, object]:
        done = self.progress
        return {
            "runs": self.runs,
            "seed": self.seed,
            "start_us": self.start_us,
            "finished": self.finished,
            "seconds": self.seconds,
            "events": done.events,
            "attempted": done.attempted,
            "acknowledged": done.acknowledged,
            "failed": done.failed,
            "unknown": done.unknown,
            "failure": done.first_failure,
            "by_topic": done.by_topic,
            "late": done.verdicts.get("late", 0),
            "duplicate": done.verdicts.get("duplicate", 0),
            "quarantine": self.quarantine,
            "fraud_orders": done.fraud_orders,
            "high_value_orders": done.high_value,
            "labels": self.labels,
            "ledger": self.ledger,
            "exit_code": self.exit_code,
        }

    def as_lines(self) -> list[str]:
        done = self.progress
        speed = done.acknowledged / max(self.seconds, 1e-9)
        late, duplicate = (done.verdicts.get(name, 0) for name in ("late", "duplicate"))
        lines = [
            f"{done.attempted:,} sent, {done.acknowledged:,} acknowledged in {self.seconds:.1f} s "
            f"({speed:,.0f}/s)",
            f"of these {late:,} late, {duplicate:,} duplicate, "
            f"{sum(self.quarantine.values()):,} for quarantine",
        ]
        if self.quarantine:
            lines.append(
                "quarantine: " + ", ".join(f"{k} {v:,}" for k, v in self.quarantine.items())
            )
        lines.append(f"{done.fraud_orders:,} orders of fraud, {done.high_value:,} high value")
        lines += [f"labels in {label}" for label in self.labels]
        if done.failed or done.unknown:
            lines.append(
                f"error: {done.failed:,} events were refused and {done.unknown:,} not answered"
                + (f": {done.first_failure}" if done.first_failure else "")
            )
        elif not self.finished:
            lines.append("stopped before its end")
        return [*lines, f"run {', '.join(self.runs)}"]
