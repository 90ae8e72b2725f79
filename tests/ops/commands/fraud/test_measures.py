"""Precision, recall and F1, and the cases that have none."""

from __future__ import annotations

import pytest

from ops.commands.fraud.measures import Measure

CASES = {
    "all of it and nothing else": (Measure(4, 4, 4), (1.0, 1.0, 1.0)),
    "half of what is called is fraud": (Measure(4, 2, 2), (0.5, 1.0, 0.6667)),
    "half of the fraud is called": (Measure(2, 4, 2), (1.0, 0.5, 0.6667)),
    "nothing called": (Measure(0, 4, 0), (None, 0.0, 0.0)),
    "no fraud": (Measure(4, 0, 0), (0.0, None, 0.0)),
    "nothing at all": (Measure(0, 0, 0), (None, None, None)),
}


@pytest.mark.parametrize("name", CASES)
def test_a_measure(name: str) -> None:
    measure, expected = CASES[name]
    assert (measure.precision, measure.recall, measure.f1) == expected
