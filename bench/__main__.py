"""Runs every benchmark in turn: ``python -m bench``. Exit code 1 if a floor is missed."""

from __future__ import annotations

import subprocess
import sys

BENCHMARKS = (
    "bench.replay",
    "bench.simulate",
    "bench.applications",
    "bench.gold",
    "bench.click_ids",
)


def main() -> int:
    missed = []
    for benchmark in BENCHMARKS:
        sys.stdout.write(f"== {benchmark}\n")
        sys.stdout.flush()
        if subprocess.run([sys.executable, "-m", benchmark], check=False).returncode:
            missed.append(benchmark)
    for name in missed:
        sys.stdout.write(f"missed: {name}\n")
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
