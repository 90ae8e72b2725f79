"""What a publication to the lake costs as the day grows: ``python -m bench.gold``.

The last 500 sessions of a day change and are published, where the day has 20,000 sessions and where
it has twenty times as many. The ratio is that of the medians.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from bench.loaded_stack import LoadedStack
from bench.machine import load
from bench.results import publish
from bench.stack import stack_without_spark

_DAYS = (20_000, 400_000)
_MOST_GROWTH = 1.4


def main() -> int:
    with stack_without_spark() as home:
        done = subprocess.run(
            [sys.executable, "-m", "bench.published_day", str(home.root), *map(str, _DAYS)],
            env=LoadedStack(home).environment | {"PYTHONPATH": str(Path(__file__).parent.parent)},
            stdout=subprocess.PIPE,
            check=True,
        )
    days = [json.loads(line) for line in done.stdout.splitlines()]
    growth = days[-1]["seconds"] / days[0]["seconds"]
    reached = growth <= _MOST_GROWTH
    figures = {
        "days": days,
        "growth": round(growth, 2),
        "most_growth": _MOST_GROWTH,
        "reached": reached,
        "load_at_end": load(),
    }
    publish("gold", figures, *sys.argv[1:])
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main())
