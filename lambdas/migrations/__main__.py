"""`python -m lambdas.migrations --postgres URL`: the same migrations as a process."""

from __future__ import annotations

import argparse
import sys

import psycopg

from contracts.applications import EXIT_STOPPED
from contracts.errors import Usage

try:
    from lambdas.migrations.wiring import apply
except Usage as broken:
    # A broken file of a question is found by its import, and no restart mends it.
    sys.stderr.write(f"stopped: {broken}\n")
    sys.exit(EXIT_STOPPED)


def main() -> int:
    """Returns 0 when the tables are there, 1 with a message when the database refused."""
    arguments = argparse.ArgumentParser(prog="lambdas.migrations")
    arguments.add_argument("--postgres", required=True)
    try:
        count = apply(arguments.parse_args().postgres)
    except psycopg.Error as problem:
        sys.stderr.write(f"the tables could not be brought up to date: {problem}\n")
        return 1
    sys.stderr.write(f"{count} statements applied\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
