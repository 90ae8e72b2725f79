"""What a replay ends with: numbers for a program, lines for a person, and the exit code."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from contracts.errors import INTERRUPTED
from producer.replay.data_file import PreparedReplay
from producer.replay.replaying import Replay


@dataclass(frozen=True)
class ReplaySummary:
    """A run's result. `unknown` events were neither acknowledged nor refused in time; `rest_rows`
    of the slice come after `last_row`."""

    run_id: str
    finished: bool
    file: str
    edition: str
    shift_us: int
    first_row: int
    last_row: int
    rest_rows: int
    rows_read: int
    attempted: int
    acknowledged: int
    failed: int
    unknown: int
    failure: str
    rejected: dict[str, int]
    rejected_file: str | None
    ledger: str | None
    seconds: float
    noun: str

    @staticmethod
    def of(
        replay: Replay[Any],
        prepared: PreparedReplay[Any],
        *,
        rejected_file: Path | None,
        ledger: Path | None,
        finished: bool,
        unknown: int,
        seconds: float,
    ) -> ReplaySummary:
        """The result of a replay that was closed."""
        run, counts = replay.run, replay.counts
        assert run.source is not None
        return ReplaySummary(
            run_id=run.run,
            finished=finished,
            file=str(prepared.file.path),
            edition=run.source.edition,
            shift_us=run.source.shift_us,
            first_row=run.source.first_row,
            last_row=replay.last_row,
            rest_rows=prepared.last_row - replay.last_row,
            rows_read=replay.rows_read(),
            attempted=counts.attempted,
            acknowledged=counts.acknowledged,
            failed=counts.failed,
            unknown=unknown,
            failure=counts.first_failure,
            rejected=dict(replay.rejected()),
            rejected_file=str(rejected_file) if rejected_file else None,
            ledger=str(ledger / run.run) if ledger else None,
            seconds=round(seconds, 3),
            noun=replay.noun,
        )

    @property
    def exit_code(self) -> int:
        if self.finished:
            return 0
        return 1 if self.failed or self.unknown else INTERRUPTED

    def as_fields(self) -> dict[str, object]:
        fields = asdict(self)
        del fields["noun"]
        return {**fields, "exit_code": self.exit_code}

    def as_lines(self) -> list[str]:
        speed = self.rows_read / max(self.seconds, 1e-9)
        lines = [
            f"{self.rows_read:,} rows read, {self.attempted:,} {self.noun} sent, "
            f"{self.acknowledged:,} acknowledged in {self.seconds:.1f} s ({speed:,.0f} rows/s)"
        ]
        if self.rejected:
            reasons = ", ".join(f"{name} {count:,}" for name, count in self.rejected.items())
            lines.append(f"rejected rows: {reasons}; see {self.rejected_file}")
        if self.failed or self.unknown:
            lines.append(
                f"error: {self.failed:,} {self.noun} were refused and {self.unknown:,} not answered"
                + (f": {self.failure}" if self.failure else "")
            )
            lines.append("next: start the same command again: what arrived counts once")
        elif not self.finished:
            lines.append(
                f"stopped after row {self.last_row}; to go on: "
                f"--start {self.last_row + 1} --limit {self.rest_rows}"
            )
        return [*lines, f"run {self.run_id}"]
