"""Keeps one part running: starts it, waits until it is ready, restarts it by the policy."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from local.supervisor import logs, processes
from local.supervisor.plan import Part
from local.supervisor.policy import (
    GIVEN_UP,
    GOOD,
    BecameReady,
    Condition,
    Event,
    Exited,
    Started,
    State,
    decide,
)
from local.supervisor.probes import ask
from local.supervisor.published import PartStatus


@dataclass(frozen=True)
class Clocks:
    """`now`, in seconds since 1970, is what others are told. `monotonic` decides how long to wait:
    nobody sets it back."""

    now: Callable[[], float]
    monotonic: Callable[[], float]

    def seconds_ago(self, moment: float) -> float:
        """When the monotonic clock showed `moment`, by the other clock as it goes now."""
        return self.now() - (self.monotonic() - moment)


WATCH_SECONDS = 0.1
PROBE_SECONDS = 0.2
# After a program has ended, its children have this long to end by themselves.
LINGER_SECONDS = 5.0


class Runner:
    """One part under supervision. It calls `changed` after each change of the condition."""

    def __init__(self, part: Part, log: Path, clocks: Clocks, changed: Callable[[], None]) -> None:
        self.part = part
        self.condition = Condition(since=clocks.monotonic())
        self.ready = asyncio.Event()
        self._log = log
        self._clocks = clocks
        self._clock = clocks.monotonic
        self._changed = changed
        self._process: subprocess.Popen[bytes] | None = None
        self._identity: processes.Identity | None = None
        self._started = self._started_at = 0.0
        self._ready_after: float | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def leader(self) -> processes.Identity | None:
        """The running process, if there is one."""
        return self._identity if self._process else None

    @property
    def may_be_replaced(self) -> bool:
        """Whether a new start loses nothing: it does not run, and will not start by itself."""
        return self.condition.state in {*GIVEN_UP, State.ENDED, State.WAITING}

    def begin(self, needed: Callable[[], list[Runner]]) -> None:
        """Start to supervise, in the event loop. The part starts when those it needs are ready."""
        self._task = asyncio.create_task(self._keep_running(needed), name=self.part.name)

    def failure(self) -> BaseException | None:
        """The exception that broke the supervision itself. It must never pass unseen."""
        if self._task is None or not self._task.done() or self._task.cancelled():
            return None
        return self._task.exception()

    async def stop(self) -> None:
        """End the part: by its own signal first, by a kill of the whole group at the deadline."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        process = self._process
        if process is not None:
            self._set(replace(self.condition, state=State.STOPPING, since=self._clock()))
            processes.signal_one(process.pid, self.part.stop_signal)
            await self._wait_for_exit(process, self.part.stop_seconds)
            await self._end_group(process)
        self.ready.clear()
        self._set(replace(self.condition, state=State.DOWN, since=self._clock(), retry_at=None))

    def status(self) -> PartStatus:
        """The part as published."""
        leader = self.leader
        return PartStatus(
            name=self.part.name,
            title=self.part.title or self.part.name,
            kind=self.part.kind,
            state=self.condition.state.value,
            since=self._clocks.seconds_ago(self.condition.since),
            pid=leader.pid if leader else None,
            process_started=leader.started if leader else None,
            restarts=self.condition.restarts,
            reason=self.condition.reason,
            address=self.part.address,
            log=str(self._log),
            ready_after=self._ready_after,
        )

    async def _keep_running(self, needed: Callable[[], list[Runner]]) -> None:
        while True:
            for other in needed():
                await other.ready.wait()
            process = self._launch()
            code, reason = await self._watch(process)
            self.ready.clear()
            await self._end_group(process)
            self._note(Exited(code, reason or logs.last_word(logs.tail(self._log))))
            if self.condition.retry_at is None:
                if self.condition.state in GOOD:
                    self.ready.set()
                return
            await asyncio.sleep(max(0.0, self.condition.retry_at - self._clock()))
            self._set(replace(self.condition, state=State.WAITING, retry_at=None))

    def _launch(self) -> subprocess.Popen[bytes]:
        self._started = self._clock()
        self._started_at = self._clocks.now()
        self._ready_after = None
        logs.rotate(self._log)
        process = processes.start(self.part.argv, self.part.environment, self._log)
        self._process = process
        self._identity = processes.identity(process.pid)
        self._note(Started())
        return process

    async def _watch(self, process: subprocess.Popen[bytes]) -> tuple[int, str]:
        """Wait until the process ends; return its exit code, and why it was ended if it was."""
        probing = None
        if self.part.kind == "service":
            probing = asyncio.create_task(self._probe_until_ready())
        try:
            while (code := process.poll()) is None:
                await asyncio.sleep(WATCH_SECONDS)
                if probing is not None and probing.done() and (waiting_for := probing.result()):
                    seconds = self.part.ready_seconds
                    return 1, f"not ready after {seconds:g} s: {waiting_for}"
            return code, ""
        finally:
            if probing is not None:
                probing.cancel()

    async def _probe_until_ready(self) -> str:
        """Return "" when the part is ready, else what was still missing at the deadline."""
        while True:
            # The earlier one, if the clock was set meanwhile: what began since then is new.
            started_at = min(self._started_at, self._clocks.seconds_ago(self._started))
            waiting_for = await asyncio.to_thread(ask, self.part.ready, started_at)
            elapsed = self._clock() - self._started
            if not waiting_for:
                self._ready_after = elapsed
                self._note(BecameReady())
                self.ready.set()
                return ""
            if elapsed > self.part.ready_seconds:
                return waiting_for
            await asyncio.sleep(PROBE_SECONDS)

    async def _end_group(self, process: subprocess.Popen[bytes]) -> None:
        """Leave no process of the group. After exit code 0 the children get a moment to end."""
        if process.poll() != 0:
            processes.kill_group(process.pid)
            await asyncio.to_thread(process.wait)
        deadline = self._clock() + LINGER_SECONDS
        while not processes.group_is_empty(process.pid):
            if self._clock() > deadline:
                processes.kill_group(process.pid)
            await asyncio.sleep(WATCH_SECONDS)
        self._process = None

    async def _wait_for_exit(self, process: subprocess.Popen[bytes], seconds: float) -> None:
        deadline = self._clock() + seconds
        while process.poll() is None and self._clock() < deadline:
            await asyncio.sleep(WATCH_SECONDS)

    def _note(self, event: Event) -> None:
        self._set(decide(self.part.kind, self.condition, event, self._clock()))

    def _set(self, condition: Condition) -> None:
        self.condition = condition
        self._changed()
