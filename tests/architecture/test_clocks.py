"""No wait is computed from the time of day: where a clock was set back, a stop of 2 s took 22 s."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

import pytest

from tests.architecture.tree import PACKAGES, modules, name, tree

# Who reads the time of day, and what for. Waits, deadlines and rates take `time.monotonic`.
TIME_OF_DAY: Mapping[str, str] = {
    "bench/results.py": "when a measurement was made",
    "emr_jobs/__main__.py": "when a batch was applied, and how old its events are",
    "lambdas/process.py": "which moment a decision, a query or a measurement is about",
    "local/supervisor/__main__.py": "since when a part is in its state, and when sizes were noted",
    "ops/commands/cost/command.py": "how old the prices are",
    "ops/commands/status/command.py": "how long a part has been in its state",
    "ops/commands/verify/command.py": "which entries of the hot store have not expired",
    "producer/clock.py": "when an event happened and was sent",
}
_MODULES = {"time": {"time", "time_ns", "clock_gettime"}, "datetime": {"now", "utcnow", "today"}}


def read_by(module: ast.Module) -> Iterator[str]:
    """The clocks of the day that a module reads, or hands on to be read."""
    for node in ast.walk(module):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name | ast.Attribute):
            owner = node.value.id if isinstance(node.value, ast.Name) else node.value.attr
            if node.attr in _MODULES.get(owner, ()) or (owner, node.attr) == ("date", "today"):
                yield f"{owner}.{node.attr}"
        elif isinstance(node, ast.ImportFrom) and node.module == "time":
            yield from (f"time.{one.name}" for one in node.names if one.name in _MODULES["time"])


def test_the_time_of_day_is_read_only_for_what_is_told() -> None:
    found = {name(path) for path in modules(*PACKAGES) if any(read_by(tree(path)))}
    assert found == set(TIME_OF_DAY)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("deadline = time.time() + 5", ["time.time"], id="a deadline"),
        pytest.param("wait(clock=time.time)", ["time.time"], id="handed on"),
        pytest.param("from time import time, sleep", ["time.time"], id="by its own name"),
        pytest.param("at = time.time_ns() // 1000", ["time.time_ns"], id="in nanoseconds"),
        pytest.param("end = datetime.datetime.now(UTC)", ["datetime.now"], id="a date and time"),
        pytest.param("begun = datetime.now(UTC)", ["datetime.now"], id="of the imported class"),
        pytest.param("day = date.today()", ["date.today"], id="a date"),
        pytest.param("deadline = time.monotonic() + 5", [], id="the monotonic clock"),
        pytest.param("clocks.now()", [], id="a clock that was given"),
    ],
)
def test_the_clocks_of_the_day_are_recognised(text: str, found: list[str]) -> None:
    assert list(read_by(ast.parse(text))) == found
