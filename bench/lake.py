"""Whether a table of the laptop's lake stays as it is through weeks of small commits:
``python -m bench.lake``.

One writer commits 3,000 times, and maintenance looks at the table after every 100 commits. A
snapshot lives for 60 s. Over the last 2,000 commits the seconds per commit, the data files, the
metadata and the snapshots must not grow.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path

from bench.loaded_stack import LoadedStack
from bench.machine import load
from bench.results import publish
from bench.stack import stack_without_spark

_MOST_GROWTH = 1.2
_MOST_FILES = 2_000
# Until then the table is on its way to as many snapshots as live at a time.
_SETTLED = 1_000


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--commits", type=int, default=3_000)
    commits = parser.parse_args().commits
    with stack_without_spark() as home:
        done = subprocess.run(
            [sys.executable, "-m", "bench.small_commits", str(home.root), str(commits)],
            env=LoadedStack(home).environment | {"PYTHONPATH": str(Path(__file__).parent.parent)},
            stdout=subprocess.PIPE,
            check=True,
        )
    looks = [json.loads(line) for line in done.stdout.splitlines()]
    settled = [each for each in looks if each["commits"] > min(_SETTLED, commits // 3)]
    half = len(settled) // 2
    growth = {
        name: round(_median(settled[half:], name) / _median(settled[:half], name), 2)
        for name in ("seconds_per_commit", "data_files", "metadata_files", "snapshots")
    }
    most = {name: max(each[name] for each in settled) for name in ("data_files", "metadata_files")}
    reached = max(growth.values()) <= _MOST_GROWTH and max(most.values()) < _MOST_FILES
    figures = {
        "commits": commits,
        "growth": growth,
        "most_growth": _MOST_GROWTH,
        "most": most,
        "first": looks[0],
        "last": looks[-1],
        "reached": reached,
        "load_at_end": load(),
    }
    publish("lake", figures, *sys.argv[1:])
    return 0 if reached else 1


def _median(looks: list[dict[str, float]], name: str) -> float:
    return statistics.median(each[name] for each in looks)


if __name__ == "__main__":
    sys.exit(main())
