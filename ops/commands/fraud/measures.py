"""Precision, recall and F1 of the orders that were called fraud."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Measure:
    """Three counts of orders: `called` fraud, labelled as `fraud`, and `both`."""

    called: int
    fraud: int
    both: int

    @property
    def precision(self) -> float | None:
        """The share of fraud among the orders called fraud; None when none was called so."""
        return _share(self.both, self.called)

    @property
    def recall(self) -> float | None:
        """The share of the fraud that was called fraud; None when there is no fraud."""
        return _share(self.both, self.fraud)

    @property
    def f1(self) -> float | None:
        """The harmonic mean of precision and recall: 2 × both / (called + fraud)."""
        return _share(2 * self.both, self.called + self.fraud)

    def document(self) -> dict[str, float | None]:
        """The shares as JSON fields."""
        return {"precision": self.precision, "recall": self.recall, "f1": self.f1}


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def share_text(share: float | None) -> str:
    """A share as people read it; a dash where there is none."""
    return "-" if share is None else f"{share:.3f}"
