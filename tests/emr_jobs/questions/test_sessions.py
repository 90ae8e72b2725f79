"""Sessions join when a click falls between them, and never otherwise."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emr_jobs.questions.sessions import Session, joined

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def click(minute: float, product: str = "p", bought: bool = False) -> Session:
    at = NOON + timedelta(minutes=minute)
    return Session(
        user_id="u",
        currency="EUR",
        started_at=at,
        ended_at=at,
        region="Europe",
        events=1,
        views=int(not bought),
        carts=0,
        purchases=int(bought),
        removals=0,
        revenue=Decimal("2.50") if bought else Decimal(0),
        products=frozenset([product]),
    )


def minutes(sessions: list[Session]) -> list[tuple[float, float, int]]:
    """Start and end in minutes after noon, and the events."""
    return [
        (
            (s.started_at - NOON) / timedelta(minutes=1),
            (s.ended_at - NOON) / timedelta(minutes=1),
            s.events,
        )
        for s in sessions
    ]


@pytest.mark.parametrize(
    ("clicks", "expected"),
    [
        pytest.param([], [], id="no clicks"),
        pytest.param([0], [(0, 0, 1)], id="one click"),
        pytest.param([0, 29.99], [(0, 29.99, 2)], id="a moment less than the gap"),
        pytest.param([0, 30], [(0, 0, 1), (30, 30, 1)], id="exactly the gap"),
        pytest.param([0, 0], [(0, 0, 2)], id="two at one time"),
        pytest.param([0, 40, 20], [(0, 40, 3)], id="a late click joins two"),
        pytest.param([0, 20, 40, 100], [(0, 40, 3), (100, 100, 1)], id="a chain, and another"),
    ],
)
def test_clicks_less_than_the_gap_apart_are_one_session(
    clicks: list[float], expected: list[tuple[float, float, int]]
) -> None:
    assert minutes(list(joined(map(click, clicks)))) == expected


def test_a_joined_session_holds_what_both_held() -> None:
    (both,) = joined([click(0, "a"), click(10, "b", bought=True), click(20, "a")])
    assert (both.views, both.purchases, both.revenue) == (2, 1, Decimal("2.50"))
    assert both.products == {"a", "b"}


def test_a_long_session_reaches_past_a_short_one_that_starts_later() -> None:
    long = next(joined([click(0), click(25), click(50)]))
    assert minutes(list(joined([long, click(10), click(70)]))) == [(0, 70, 5)]


@given(
    clicks=st.lists(st.tuples(st.integers(0, 200), st.sampled_from("abc"), st.booleans())),
    cuts=st.lists(st.integers(0, 3), min_size=40, max_size=40),
)
def test_any_batching_in_any_order_gives_what_one_fold_gives(
    clicks: list[tuple[int, str, bool]], cuts: list[int]
) -> None:
    made = [click(*each) for each in clicks]
    stored: list[Session] = []
    for batch in range(4):
        new = [s for s, cut in zip(made, cuts, strict=False) if cut == batch]
        stored = list(joined([*stored, *joined(new)]))
    chosen = [s for s, _ in zip(made, cuts, strict=False)]
    assert sorted(stored, key=lambda s: s.started_at) == list(joined(chosen))
