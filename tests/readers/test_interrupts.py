"""Ctrl-C while DuckDB works ends as Ctrl-C, whatever DuckDB makes of it."""

from __future__ import annotations

import os
import subprocess
import sys

import duckdb
import pytest

from readers.interrupts import interruptible


@pytest.mark.parametrize(
    "told",
    [
        pytest.param(RuntimeError("Query interrupted"), id="within a query"),
        pytest.param(duckdb.InvalidInputException("... KeyboardInterrupt"), id="reading rows"),
        pytest.param(duckdb.IOException("INTERRUPT Error: Interrupted!"), id="reading a file"),
        pytest.param(KeyboardInterrupt(), id="between queries"),
    ],
)
def test_an_interrupt_is_an_interrupt(told: BaseException) -> None:
    with pytest.raises(KeyboardInterrupt), interruptible():
        raise told


@pytest.mark.parametrize("told", [duckdb.IOException("no such file"), RuntimeError("other")])
def test_another_error_is_raised_as_it_is(told: Exception) -> None:
    with pytest.raises(type(told)), interruptible():
        raise told


def test_a_query_that_is_interrupted_is_an_interrupt() -> None:
    """A real Ctrl-C in a query that would take minutes. While DuckDB still imports what it needs,
    Python drops an interrupt, so it is pressed until it is heard. DuckDB has one thread: the thread
    that waits hears of no interrupt while another does the only task."""
    program = (
        "import os, signal, threading, time, duckdb\n"
        "from readers.interrupts import interruptible\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "def press():\n"
        "    while True:\n"
        "        time.sleep(0.5)\n"
        "        os.kill(os.getpid(), signal.SIGINT)\n"
        "threading.Thread(target=press, daemon=True).start()\n"
        "try:\n"
        "    with interruptible():\n"
        "        connection = duckdb.connect(config={'threads': 1})\n"
        "        connection.sql('SELECT sum(a.range * b.range % 7) FROM range(200000) a, '\n"
        "                       'range(50000) b').fetchall()\n"
        "except KeyboardInterrupt:\n"
        "    os._exit(7)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program],
        check=False,
        timeout=120,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert ended.returncode == 7
