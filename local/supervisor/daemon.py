"""The supervisor: it runs a plan until SIGTERM, and reads the plan again at SIGHUP."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from local.home import Home
from local.supervisor import logs, processes
from local.supervisor.plan import Plan, read_plan
from local.supervisor.published import Snapshot, publish
from local.supervisor.runner import Clocks, Runner
from local.usage import NOTE_SECONDS, note

HOUSEKEEPING_SECONDS = 5.0


class Supervisor:
    """The runners of one stack, and the state that they publish together."""

    def __init__(self, home: Home, pid: int, clocks: Clocks) -> None:
        self._home = home
        self._pid = pid
        self._clocks = clocks
        self._noted = clocks.monotonic()
        self._plan: Plan = read_plan(home.plan)
        self._runners: dict[str, Runner] = {}
        self._generation = 0
        self._told_to_stop = asyncio.Event()
        self._told_to_reload = asyncio.Event()

    async def run(self) -> None:
        """Supervise until told to stop; return when no part runs any more."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._told_to_stop.set)
        loop.add_signal_handler(signal.SIGHUP, self._told_to_reload.set)
        ended = processes.end_orphans(self._plan.stack_id, processes.recorded(self._leaders))
        if ended:
            self._say(f"ended what an earlier supervisor left: {', '.join(ended)}")
        await self._adopt(self._plan)
        try:
            while not self._told_to_stop.is_set():
                await self._wait_a_moment()
                if self._told_to_reload.is_set():
                    self._told_to_reload.clear()
                    await self._adopt(read_plan(self._home.plan))
                self._keep_house()
        finally:
            await self._stop(set(self._runners))

    @property
    def _leaders(self) -> Path:
        return self._home.run / "processes.json"

    async def _wait_a_moment(self) -> None:
        told = (self._told_to_stop, self._told_to_reload)
        waits = [asyncio.create_task(event.wait()) for event in told]
        await asyncio.wait(waits, timeout=HOUSEKEEPING_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()

    async def _adopt(self, plan: Plan) -> None:
        """Make the running parts those of `plan`; a part that works and has not changed goes on."""
        parts = {part.name: part for part in plan.parts}
        stale = {
            name
            for name, runner in self._runners.items()
            if runner.part != parts.get(name) or runner.may_be_replaced
        }
        await self._stop(stale)
        self._plan = plan
        for part in plan.parts:
            if part.name not in self._runners:
                log = self._home.log(part.name)
                self._runners[part.name] = Runner(part, log, self._clocks, self._publish)
                self._runners[part.name].begin(partial(self._runners_of, part.after))
        self._generation += 1
        self._publish()

    async def _stop(self, names: set[str]) -> None:
        """Stop these parts side by side, but each one after the parts that need it."""
        stopped = {name: asyncio.Event() for name in names}

        async def stop(name: str) -> None:
            for dependant in self._plan.dependants(name):
                if dependant in stopped:
                    await stopped[dependant].wait()
            await self._runners[name].stop()
            stopped[name].set()

        await asyncio.gather(*(stop(name) for name in names))
        for name in names:
            del self._runners[name]
        processes.record(self._leaders, self._running_leaders())

    def _runners_of(self, names: Iterable[str]) -> list[Runner]:
        return [self._runners[name] for name in names]

    def _keep_house(self) -> None:
        for runner in self._runners.values():
            broken = runner.failure()
            if broken is not None:
                raise broken
            logs.rotate(self._home.log(runner.part.name))
        if self._clocks.monotonic() - self._noted >= NOTE_SECONDS:
            self._noted = self._clocks.monotonic()
            with self._going_on("what the stack takes of the disk could not be noted"):
                note(self._home, self._clocks.now())

    def _running_leaders(self) -> list[processes.Identity]:
        return [runner.leader for runner in self._runners.values() if runner.leader]

    def _publish(self) -> None:
        statuses = tuple(runner.status() for runner in self._runners.values())
        snapshot = Snapshot(self._plan.stack_id, self._pid, self._generation, statuses)
        with self._going_on("the state could not be published"):
            processes.record(self._leaders, self._running_leaders())
            publish(self._home, snapshot)

    @contextmanager
    def _going_on(self, failed: str) -> Iterator[None]:
        """A full disk must not end the stack: the parts go on, and the next time may be better."""
        try:
            yield
        except OSError as problem:
            self._say(f"{failed}: {problem}")

    def _say(self, text: str) -> None:
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()
