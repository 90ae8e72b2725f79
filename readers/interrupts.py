"""Ctrl-C while DuckDB works: it becomes an error of DuckDB on the way, and an interrupt here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb


@contextmanager
def interruptible() -> Iterator[None]:
    """In the block DuckDB may be interrupted; KeyboardInterrupt when it was. DuckDB tells it as an
    error whose kind depends on what it was doing; only the text tells."""
    try:
        yield
    except (RuntimeError, duckdb.Error) as problem:
        if "interrupt" in str(problem).lower():
            raise KeyboardInterrupt from problem
        raise
