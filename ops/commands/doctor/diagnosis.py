"""What `doctor` says of one precondition."""

from __future__ import annotations

from dataclasses import dataclass

GOOD, NOTE, BAD = "ok", "note", "bad"


@dataclass(frozen=True)
class Diagnosis:
    """A verdict on one precondition. `advice` is empty when there is nothing to do."""

    check: str
    verdict: str
    found: str
    advice: str = ""


def judged(check: str, good: bool, found: str, advice: str, otherwise: str = BAD) -> Diagnosis:
    """GOOD, which needs no advice, or else `otherwise`."""
    return Diagnosis(check, GOOD, found) if good else Diagnosis(check, otherwise, found, advice)
