"""Precision, recall and F1 of what was called fraud."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Measure:
    """`called` orders were called fraud, `fraud` are fraud, `both` are both."""

    called: int
    fraud: int
    both: int

    @property
    def precision(self) -> float | None:
        """Of the orders called fraud, the share that is; None when none was called."""
        return _share(self.both, self.called)

    @property
    def recall(self) -> float | None:
        """Of the orders that are fraud, the share that was called so; None when none is."""
        return _share(self.both, self.fraud)

    @property
    def f1(self) -> float | None:
        """Harmonic mean of precision and recall: 2 × both / (called + fraud)."""
        return _share(2 * self.both, self.called + self.fraud)

    def document(self) -> dict[str, float | None]:
        """As JSON fields."""
        return {"precision": self.precision, "recall": self.recall, "f1": self.f1}


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def shown(share: float | None) -> str:
    """A share for a person; a dash where there is none."""
    return "-" if share is None else f"{share:.3f}"
