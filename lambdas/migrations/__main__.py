"""`python -m lambdas.migrations --postgres URL`: the same migrations as a process."""

from __future__ import annotations

import argparse
import sys

import psycopg

from contracts.question_files import stopped_where_broken

with stopped_where_broken():
    from lambdas.migrations.wiring import apply


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
