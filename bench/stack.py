"""A stack for one benchmark: Kafka, Postgres and Valkey, removed afterwards."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local.home import Home


@contextmanager
def stack_without_spark() -> Iterator[Home]:
    """The home of a running stack; SystemExit if it does not start."""
    with tempfile.TemporaryDirectory(prefix="shopstream-bench-") as folder:
        shopstream(folder, "up", "--without-spark")
        try:
            yield Home(Path(folder))
        finally:
            shopstream(folder, "down", "--purge")


def shopstream(folder: str, *words: str) -> None:
    """Run a command on the stack in `folder`; SystemExit if it fails."""
    done = subprocess.run(
        [sys.executable, "-m", "ops.main", *words],
        env=os.environ | {"SHOPSTREAM_HOME": folder},  # noqa: TID251 - handed on as it is
        check=False,
    )
    if done.returncode:
        raise SystemExit(done.returncode)
