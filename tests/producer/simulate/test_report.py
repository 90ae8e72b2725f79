"""What a simulation tells while one of its workers waits for room."""

from __future__ import annotations

from producer.room import GOES_ON
from producer.simulate.report import SimulationProgress, StatusLines


def test_workers_that_wait_tell_it_once_for_all() -> None:
    status = StatusLines(0.0)
    told = []
    for second, lacking in enumerate([["", ""], ["", "full"], ["full", "fuller"], ["", ""]], 1):
        workers = [SimulationProgress(attempted=second, closed_by=why) for why in lacking]
        told += status.lines(SimulationProgress.together(workers), float(second))
    assert [line for line in told if "sent" not in line] == ["full", GOES_ON]
    assert [line.split(" sent")[0] for line in told if "sent," in line] == ["2", "8"]
