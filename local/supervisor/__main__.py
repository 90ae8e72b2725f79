"""`python -m local.supervisor --home DIR`: the process of the supervisor."""

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
from local.supervisor.runner import Clocks

# A command that looks at the lock holds it for an instant, so a first refusal proves nothing.
LOCK_TRIES = 20
LOCK_PAUSE_SECONDS = 0.1


def main() -> int:
    """Run the plan of a state folder; return 0 when told to stop, 1 when another one runs here."""
    arguments = argparse.ArgumentParser(prog="local.supervisor")
    arguments.add_argument("--home", type=Path, required=True)
    home = Home(arguments.parse_args().home)
    # The probes ask until a broker answers; what the client logs until then is expected.
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
    now = time.time  # noqa: TID251 - what others are told is a time of day
    await Supervisor(home, os.getpid(), Clocks(now, time.monotonic)).run()


if __name__ == "__main__":
    raise SystemExit(main())
