"""When events of the past are due again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producer.clock import AwakeTime, Clock, Pace, StatusTimer

SECOND = 1_000_000
BEGAN = 500.0


@pytest.mark.parametrize(
    ("speed", "later", "delay"),
    [
        pytest.param(1, 30, 30.0, id="as recorded"),
        pytest.param(60, 60, 1.0, id="a minute a second"),
        pytest.param(0.5, 30, 60.0, id="slower than recorded"),
        pytest.param(60, 12 * 3600, 720.0, id="a night keeps its length"),
        pytest.param(None, 10**9, 0.0, id="as fast as possible"),
        pytest.param(1, -3600, 0.0, id="out of order is due at once"),
    ],
)
def test_an_event_after_the_first(speed: float | None, later: int, delay: float) -> None:
    pace = Pace(speed)
    assert pace.delay(7 * SECOND, BEGAN) == 0
    assert pace.delay((7 + later) * SECOND, BEGAN) == delay


def test_time_that_passed_is_not_waited_for_again() -> None:
    pace = Pace(1)
    pace.delay(0, BEGAN)
    assert pace.delay(30 * SECOND, BEGAN + 10) == 20
    assert pace.delay(30 * SECOND, BEGAN + 31) == 0


def test_an_event_out_of_order_does_not_move_the_others() -> None:
    pace = Pace(1)
    for time in (100, 40, 130):
        delay = pace.delay(time * SECOND, BEGAN)
    assert delay == 30


@given(st.lists(st.integers(-(10**15), 10**15), min_size=1), st.floats(0.001, 1000))
def test_a_delay_is_never_negative(times: list[int], speed: float) -> None:
    pace = Pace(speed)
    assert all(pace.delay(time, BEGAN + at) >= 0 for at, time in enumerate(times))


@pytest.mark.parametrize("speed", [0, -1, float("inf"), float("nan")])
def test_a_speed_is_above_nothing(speed: float) -> None:
    with pytest.raises(ValueError, match="above 0"):
        Pace(speed)


def test_progress_is_due_a_second_after_it_was_told_and_once() -> None:
    moments = iter([5.0, 5.9, 6.0, 6.1, 9.5, 10.4, 10.5])
    timer = StatusTimer(Clock(lambda: 0, lambda: next(moments), lambda seconds: None))
    assert [timer.due() for _ in range(6)] == [False, True, False, True, False, True]


@pytest.mark.parametrize(
    ("steps", "passed"),
    [
        pytest.param([], 0, id="at once"),
        pytest.param([1, 1, 0.5], 2.5, id="asked each second"),
        pytest.param([5], 5, id="exactly a step"),
        pytest.param([150, 1], 6, id="a machine that slept"),
    ],
)
def test_time_awake(steps: list[float], passed: float) -> None:
    now = 100.0
    awake = AwakeTime(lambda: now, step=5)
    for step in steps:
        now += step
        awake.passed()
    assert awake.passed() == passed
    awake.restart()
    assert awake.passed() == 0
