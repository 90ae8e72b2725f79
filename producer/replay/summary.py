"""What a replay ends with: numbers for a program, lines for a person, and the exit code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contracts.errors import INTERRUPTED
from producer.replay.data_file import PreparedReplay
from producer.replay.replaying import Replay


@dataclass(frozen=True)
class ReplaySummary:
    """The result of a replay that was closed. `unknown` events were neither acknowledged nor
    refused in time."""

    replay: Replay[Any]
    prepared: PreparedReplay[Any]
    rejected: Mapping[str, int]
    rejected_file: Path
    ledger: Path | None
    finished: bool
    unknown: int
    seconds: float

    @property
    def exit_code(self) -> int:
        if self.finished:
            return 1 if self.replay.counts.changed else 0
        return 1 if self.replay.counts.failed or self.unknown else INTERRUPTED

    @property
    def rest_rows(self) -> int:
        """How many rows of the slice come after the last one that was sent."""
        return self.prepared.last_row - self.replay.last_row

    def as_fields(self) -> dict[str, object]:
        run, counts = self.replay.run, self.replay.counts
        assert run.source is not None
        return {
            "run_id": run.run,
            "finished": self.finished,
            "file": str(self.prepared.file.path),
            "edition": run.source.edition,
            "shift_us": run.source.shift_us,
            "first_row": run.source.first_row,
            "last_row": self.replay.last_row,
            "rest_rows": self.rest_rows,
            "rows_read": self.replay.rows_read(),
            "attempted": counts.attempted,
            "acknowledged": counts.acknowledged,
            "failed": counts.failed,
            "unknown": self.unknown,
            "failure": counts.first_failure,
            "changed": counts.changed,
            "first_changed": counts.first_changed,
            "rejected": dict(self.rejected),
            "rejected_file": str(self.rejected_file) if self.rejected else None,
            "ledger": str(self.ledger / run.run) if self.ledger else None,
            "seconds": round(self.seconds, 3),
            "exit_code": self.exit_code,
        }

    def as_lines(self) -> list[str]:
        counts, rows, noun = self.replay.counts, self.replay.rows_read(), self.replay.noun
        speed = rows / max(self.seconds, 1e-9)
        lines = [
            f"{rows:,} rows read, {counts.attempted:,} {noun} sent, "
            f"{counts.acknowledged:,} acknowledged in {self.seconds:.1f} s ({speed:,.0f} rows/s)"
        ]
        if self.rejected:
            reasons = ", ".join(f"{name} {count:,}" for name, count in self.rejected.items())
            lines.append(f"rejected rows: {reasons}; see {self.rejected_file}")
        if counts.changed:
            lines.append(
                f"error: {counts.changed:,} orders were sent before with other content, and were "
                f"not sent again: {', '.join(counts.first_changed)}"
                + (" …" if counts.changed > len(counts.first_changed) else "")
            )
            lines.append(
                "next: send what changed as an order of its own (an adjustment), or --dataset NAME"
            )
        if counts.failed or self.unknown:
            lines.append(
                f"error: {counts.failed:,} {noun} were refused and {self.unknown:,} not answered"
                + (f": {counts.first_failure}" if counts.first_failure else "")
            )
            lines.append("next: start the same command again: what arrived counts once")
        elif not self.finished:
            last_row = self.replay.last_row
            lines.append(
                f"stopped after row {last_row}; to go on: "
                f"--start {last_row + 1} --limit {self.rest_rows}"
            )
        return [*lines, f"run {self.replay.run.run}"]
