"""What the proof found: the ledger in words, the levels, and the verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from proof.checks import Check, Level

# The order in which the ledger is shown.
WORDS = (
    "attempted",
    "acknowledged",
    "bronze",
    "skipped",
    "silver",
    "late",
    "duplicate",
    "lost",
    "gap",
    "unexpected",
    "duplicated",
    "recovered",
    "conflicting",
)
# A count above zero is red; `unexpected` only when asked, because others may feed a topic too.
RED_WORDS = ("lost", "duplicated", "conflicting")


@dataclass(frozen=True)
class SourceComparison:
    """What the raw data files say. `mismatched_rows` counts the differing rows of all answers that
    follow from the files."""

    files: tuple[str, ...]
    counts: Mapping[str, int]
    mismatched_rows: int
    level: Level

    def as_json(self) -> dict[str, Any]:
        return {
            "file": self.files[0] if len(self.files) == 1 else list(self.files),
            **self.counts,
            "mismatched_rows": self.mismatched_rows,
            "ok": self.level.ok,
            "checks": [_check_json(check) for check in self.level.checks],
        }


@dataclass(frozen=True)
class Report:
    """The proof of one moment of a stack that was caught up. `unproved` names the questions whose
    answers nothing compares."""

    words: Mapping[str, int]
    quarantine: Mapping[str, int]
    levels: tuple[Level, ...]
    source: SourceComparison | None = None
    unproved: tuple[str, ...] = ()
    strict: bool = False

    @property
    def red_words(self) -> tuple[str, ...]:
        """The words that alone make the report red."""
        judged = (*RED_WORDS, "unexpected") if self.strict else RED_WORDS
        return tuple(word for word in judged if self.words[word])

    @property
    def empty(self) -> bool:
        """Whether there was nothing to compare: no event was acknowledged, and none is stored."""
        told = (count for word, count in self.words.items() if word != "attempted")
        return not any(told) and not self.quarantine

    @property
    def green(self) -> bool:
        source_ok = self.source is None or self.source.level.ok
        levels_ok = all(level.ok for level in self.levels)
        return not self.red_words and not self.unproved and source_ok and levels_ok

    def as_json(self) -> dict[str, Any]:
        document: dict[str, Any] = {
            "green": self.green,
            "caught_up": True,
            **{word: self.words[word] for word in WORDS},
            "quarantine": dict(self.quarantine),
            "unproved": list(self.unproved),
            "levels": {
                level.name: {
                    "ok": level.ok,
                    "question": level.question,
                    "checks": [_check_json(check) for check in level.checks],
                    "notes": list(level.notes),
                }
                for level in self.levels
            },
        }
        return document | ({"source": self.source.as_json()} if self.source else {})


def _check_json(check: Check) -> dict[str, Any]:
    return {
        "name": check.name,
        "expected": check.expected,
        "actual": check.actual,
        "ok": check.ok,
        "samples": [asdict(sample) for sample in check.samples],
    }
