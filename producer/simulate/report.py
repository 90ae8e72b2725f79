"""What a simulation tells: a line a second, and numbers for a program at the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field

from contracts.errors import INTERRUPTED


@dataclass
class Progress:
    """What happened so far. `verdicts` counts acknowledged events by `VERDICTS` name, by topic
    those acknowledged; `sample` describes the latest order above `HIGH_VALUE`."""

    events: int = 0
    attempted: int = 0
    acknowledged: int = 0
    failed: int = 0
    first_failure: str = ""
    unknown: int = 0
    fraud_orders: int = 0
    high_value: int = 0
    sample: str = ""
    by_topic: dict[str, int] = field(default_factory=dict)
    verdicts: dict[str, int] = field(default_factory=dict)

    @staticmethod
    def together(parts: Iterable[Progress]) -> Progress:
        """The sum of several workers' progress."""
        whole = Progress()
        by_topic: Counter[str] = Counter()
        verdicts: Counter[str] = Counter()
        for part in parts:
            for name in (
                *("events", "attempted", "acknowledged", "failed", "unknown"),
                *("fraud_orders", "high_value"),
            ):
                setattr(whole, name, getattr(whole, name) + getattr(part, name))
            whole.first_failure = whole.first_failure or part.first_failure
            whole.sample = part.sample or whole.sample
            by_topic.update(part.by_topic)
            verdicts.update(part.verdicts)
        whole.by_topic, whole.verdicts = dict(by_topic), dict(verdicts)
        return whole


class StatusLines:
    """Turns progress into the line of each second; high-value orders get a line of their own."""

    def __init__(self, began: float) -> None:
        self._told = began
        self._before = Progress()

    def lines(self, progress: Progress, now: float) -> list[str]:
        """What is new since the last call; `now` in seconds, of any clock that only grows."""
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
        return lines


@dataclass(frozen=True)
class Summary:
    """A simulation's result. `runs` are those of its workers; `late`, `duplicate` and `quarantine`
    by reason count acknowledged events, and are what `shopstream verify` must find."""

    runs: list[str]
    seed: int
    start_us: int
    finished: bool
    seconds: float
    events: int
    attempted: int
    acknowledged: int
    failed: int
    unknown: int
    failure: str
    by_topic: dict[str, int]
    late: int
    duplicate: int
    quarantine: dict[str, int]
    fraud_orders: int
    high_value_orders: int
    labels: list[str]
    ledger: str | None

    @staticmethod
    def of(
        progress: Progress,
        *,
        runs: list[str],
        seed: int,
        start_us: int,
        finished: bool,
        seconds: float,
        labels: list[str],
        ledger: str | None,
    ) -> Summary:
        reasons = {
            name.removeprefix("quarantine:"): count
            for name, count in sorted(progress.verdicts.items())
            if name.startswith("quarantine:")
        }
        return Summary(
            runs=runs,
            seed=seed,
            start_us=start_us,
            finished=finished,
            seconds=round(seconds, 3),
            events=progress.events,
            attempted=progress.attempted,
            acknowledged=progress.acknowledged,
            failed=progress.failed,
            unknown=progress.unknown,
            failure=progress.first_failure,
            by_topic=progress.by_topic,
            late=progress.verdicts.get("late", 0),
            duplicate=progress.verdicts.get("duplicate", 0),
            quarantine=reasons,
            fraud_orders=progress.fraud_orders,
            high_value_orders=progress.high_value,
            labels=labels,
            ledger=ledger,
        )

    @property
    def exit_code(self) -> int:
        if self.failed or self.unknown:
            return 1
        return 0 if self.finished else INTERRUPTED

    def as_fields(self) -> dict[str, object]:
        return {**asdict(self), "exit_code": self.exit_code}

    def as_lines(self) -> list[str]:
        speed = self.acknowledged / max(self.seconds, 1e-9)
        lines = [
            f"{self.attempted:,} sent, {self.acknowledged:,} acknowledged in {self.seconds:.1f} s "
            f"({speed:,.0f}/s)",
            f"of these {self.late:,} late, {self.duplicate:,} duplicate, "
            f"{sum(self.quarantine.values()):,} for quarantine",
        ]
        if self.quarantine:
            lines.append(
                "quarantine: " + ", ".join(f"{k} {v:,}" for k, v in self.quarantine.items())
            )
        lines.append(
            f"{self.fraud_orders:,} orders of fraud, {self.high_value_orders:,} high value"
        )
        lines += [f"labels in {label}" for label in self.labels]
        if self.failed or self.unknown:
            lines.append(
                f"error: {self.failed:,} events were refused and {self.unknown:,} not answered"
                + (f": {self.failure}" if self.failure else "")
            )
        elif not self.finished:
            lines.append("stopped before its end")
        return [*lines, f"run {', '.join(self.runs)}"]
