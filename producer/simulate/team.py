"""Several workers, each a process: progress comes back by pipe, Ctrl-C goes to all of them."""

from __future__ import annotations

import multiprocessing
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from contracts.errors import ShopstreamError
from producer.replay.replaying import Clock
from producer.simulate.report import Progress
from producer.simulate.simulation import Simulation
from producer.simulate.worker import Outcome, Worker

_STATUS_SECONDS = 1.0
_LOOK_SECONDS = 0.2


class Team:
    """Runs workers side by side; when one fails the others are stopped."""

    def __init__(self, workers: Sequence[Worker]) -> None:
        self._workers = workers
        self._processes: list[BaseProcess] = []
        self.stopping = False

    def stop(self) -> None:
        """Ask every worker for a graceful end."""
        self.stopping = True
        for process in self._processes:
            if process.is_alive():
                process.terminate()

    def work(self, report: Callable[[Progress], None], clock: Clock) -> list[Outcome]:
        """Start the workers and wait for all; ShopstreamError of the first that failed."""
        # A fork would share a Kafka client's threads, which do not survive one.
        spawning = multiprocessing.get_context("spawn")
        pipes = []
        for worker in self._workers:
            ours, theirs = spawning.Pipe(duplex=False)
            process = spawning.Process(target=_run, args=(worker, theirs), daemon=True)
            process.start()
            theirs.close()
            self._processes.append(process)
            pipes.append(ours)
        try:
            outcomes = self._listen(pipes, report, clock)
        finally:
            self._end()
        return outcomes

    def _listen(
        self, pipes: list[Connection], report: Callable[[Progress], None], clock: Clock
    ) -> list[Outcome]:
        progress = [Progress() for _ in pipes]
        outcomes: dict[int, Outcome] = {}
        failure: ShopstreamError | None = None
        heard, told = set(pipes), clock.monotonic()
        while heard:
            for pipe in wait(list(heard), _LOOK_SECONDS):
                assert isinstance(pipe, Connection)
                number = pipes.index(pipe)
                message = _received(pipe)
                if message is None:
                    message = self._silent(number, progress[number])
                if isinstance(message, Progress):
                    progress[number] = message
                    continue
                heard.discard(pipe)
                if isinstance(message, Outcome):
                    outcomes[number] = message
                    progress[number] = message.progress
                elif failure is None:
                    failure = message
                    self.stop()
            if clock.monotonic() - told >= _STATUS_SECONDS:
                told = clock.monotonic()
                report(Progress.together(progress))
        if failure is not None:
            raise failure
        return [outcomes[number] for number in sorted(outcomes)]

    def _silent(self, number: int, progress: Progress) -> Outcome | ShopstreamError:
        """A worker that was stopped before it began has nothing to tell; any other was killed."""
        if self.stopping and progress.attempted == 0:
            return Outcome(self._workers[number].run, False, progress, None)
        return ShopstreamError(
            "a worker ended without a word",
            cause="it was killed, or the machine ran out of memory",
        )

    def _end(self) -> None:
        """Leave no process behind, whatever happened."""
        for process in self._processes:
            process.join(timeout=_STATUS_SECONDS)
            if process.is_alive():
                process.kill()
                process.join()


def _received(pipe: Connection) -> Progress | Outcome | ShopstreamError | None:
    """What a worker says; None when it ended without a word."""
    try:
        message = pipe.recv()
    except EOFError:
        return None
    assert isinstance(message, (Progress, Outcome, ShopstreamError))
    return message


def _run(worker: Worker, pipe: Connection) -> None:
    """A worker's process: the terminal's Ctrl-C is the parent's to pass on."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    asked = []
    signal.signal(signal.SIGTERM, lambda *_: asked.append(True))
    clock = Clock(lambda: time.time_ns() // 1000, time.monotonic, time.sleep)

    def obey(simulation: Simulation) -> None:
        signal.signal(signal.SIGTERM, lambda *_: simulation.stop())
        if asked:
            simulation.stop()

    with suppress(BrokenPipeError):
        try:
            pipe.send(worker.work(clock, pipe.send, obey))
        except ShopstreamError as error:
            pipe.send(error)
