"""Spans of regions, as few as a filter may have."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from emr_jobs.transforms.spans import Span, few

START = datetime(2026, 1, 1, tzinfo=UTC)


def span(region: str, first: int, last: int) -> Span:
    return Span(region, START + timedelta(hours=first), START + timedelta(hours=last))


@pytest.mark.parametrize(
    ("given", "most", "wanted"),
    [
        pytest.param([], 2, [], id="none"),
        pytest.param(
            [span("EU", 5, 6), span("EU", 0, 1)],
            2,
            [span("EU", 0, 1), span("EU", 5, 6)],
            id="as many as may be stay as they are",
        ),
        pytest.param(
            [span("US", 3, 4), span("EU", 0, 9), span("EU", 5, 6)],
            2,
            [span("EU", 0, 9), span("US", 3, 4)],
            id="more become one per region, from its first time to its last",
        ),
    ],
)
def test_few_spans(given: list[Span], most: int, wanted: list[Span]) -> None:
    assert list(few(given, most)) == wanted
