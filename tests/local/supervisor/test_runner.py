"""A runner waits by a clock that nobody sets."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

import pytest

from local.supervisor.plan import Part
from local.supervisor.runner import Clocks, Runner

# It says that it runs, and does not end by itself.
STUBBORN = (
    "import pathlib, signal, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
    "pathlib.Path(sys.argv[1]).touch(); time.sleep(600)"
)
STOPPED_CLOCK = Clocks(lambda: 1_000_000.0, time.monotonic)


def test_a_stop_does_not_wait_for_the_clock_of_the_day(tmp_path: Path) -> None:
    flag = tmp_path / "runs"
    part = Part(
        "stubborn",
        (sys.executable, "-S", "-c", STUBBORN, str(flag)),
        {"PATH": "/usr/bin:/bin"},
        ready={"probe": "file", "path": str(flag)},
        stop_seconds=0.2,
    )

    async def live() -> Runner:
        runner = Runner(part, tmp_path / "log", STOPPED_CLOCK, lambda: None)
        runner.begin(list)
        await runner.ready.wait()
        await runner.stop()
        return runner

    runner = asyncio.run(asyncio.wait_for(live(), 60))
    assert runner.leader is None


@pytest.mark.parametrize(
    ("set_by", "told"),
    [
        pytest.param(0.0, 1_000.0, id="the clock goes on"),
        pytest.param(-20.0, 980.0, id="it was set back"),
        pytest.param(3_600.0, 4_600.0, id="it was set ahead"),
    ],
)
def test_a_moment_is_told_by_the_clock_as_it_goes_now(set_by: float, told: float) -> None:
    clocks = Clocks(lambda: 1_030.0 + set_by, lambda: 530.0)
    assert clocks.seconds_ago(500.0) == told
