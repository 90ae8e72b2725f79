"""`python -m local.supervisor --home DIR`: the supervisor's process."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
import time
from pathlib import Path

from local.home import Home
from local.supervisor import processes
from local.supervisor.daemon import Supervisor
from local.supervisor.published import holding_lock

# A look at the lock holds it for an instant: a first refusal proves nothing.
LOCK_TRIES = 20
LOCK_PAUSE_SECONDS = 0.1


def main() -> int:
    """Run the plan of a state folder; returns 0 when told to stop, 1 when another one runs."""
    arguments = argparse.ArgumentParser(prog="local.supervisor")
    arguments.add_argument("--home", type=Path, required=True)
    home = Home(arguments.parse_args().home)
    # The probes knock until a broker answers: its client's complaints meanwhile are no news.
    logging.getLogger("kafka").setLevel(logging.CRITICAL)
    processes.adopt_grandchildren()
    for _ in range(LOCK_TRIES):
        with holding_lock(home) as free:
            if free:
                asyncio.run(_supervise(home))
                return 0
        time.sleep(LOCK_PAUSE_SECONDS)
    sys.stderr.write(f"another supervisor runs in {home.root}\n")
    return 1


async def _supervise(home: Home) -> None:
    # The edge: the one clock of the supervisor.
    await Supervisor(home, os.getpid(), time.time).run()  # noqa: TID251


if __name__ == "__main__":
    raise SystemExit(main())
