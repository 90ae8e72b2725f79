"""Several workers, one process each: their progress comes by pipe, and Ctrl-C goes to all."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from contracts.errors import ShopstreamError
from producer.clock import STATUS_SECONDS, Clock, StatusTimer, real_clock
from producer.simulate.report import SimulationProgress
from producer.simulate.simulation import Simulation
from producer.simulate.worker import Worker, WorkerResult

_LOOK_SECONDS = 0.2


class Team:
    """Runs workers side by side; if one fails, the others are stopped."""

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

    def work(
        self, report: Callable[[SimulationProgress], None], clock: Clock
    ) -> list[WorkerResult]:
        """Start the workers and wait for all; the error of the first one that failed."""
        # The threads of a Kafka client do not survive a fork.
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
            return self._listen(pipes, report, clock)
        finally:
            self._end()

    def _listen(
        self, pipes: list[Connection], report: Callable[[SimulationProgress], None], clock: Clock
    ) -> list[WorkerResult]:
        progress = [SimulationProgress() for _ in pipes]
        results: dict[int, WorkerResult] = {}
        failure: ShopstreamError | None = None
        heard, timer = set(pipes), StatusTimer(clock)
        while heard:
            for pipe in wait(list(heard), _LOOK_SECONDS):
                assert isinstance(pipe, Connection)
                number = pipes.index(pipe)
                message = _received(pipe)
                if message is None:
                    message = self._silent(number, progress[number])
                if isinstance(message, SimulationProgress):
                    progress[number] = message
                    continue
                heard.discard(pipe)
                if isinstance(message, WorkerResult):
                    results[number] = message
                    progress[number] = message.progress
                elif failure is None:
                    failure = message
                    self.stop()
            if timer.due():
                report(SimulationProgress.together(progress))
        if failure is not None:
            raise failure
        return [results[number] for number in sorted(results)]

    def _silent(self, number: int, progress: SimulationProgress) -> WorkerResult | ShopstreamError:
        """What a silent end means: the worker was stopped before it began, or it was killed."""
        if self.stopping and progress.attempted == 0:
            return WorkerResult(self._workers[number].run, False, progress, None)
        return ShopstreamError(
            "a worker ended without a word",
            cause="it was killed, or the machine ran out of memory",
        )

    def _end(self) -> None:
        """End every process, whatever happened."""
        for process in self._processes:
            process.join(timeout=STATUS_SECONDS)
            if process.is_alive():
                process.kill()
                process.join()


def _received(pipe: Connection) -> SimulationProgress | WorkerResult | ShopstreamError | None:
    """What a worker says; None if it ended without a word."""
    try:
        message = pipe.recv()
    except EOFError:
        return None
    assert isinstance(message, (SimulationProgress, WorkerResult, ShopstreamError))
    return message


def _run(worker: Worker, pipe: Connection) -> None:
    """The process of a worker. It ignores Ctrl-C of the terminal; the parent passes it on."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    asked = []
    signal.signal(signal.SIGTERM, lambda *_: asked.append(True))

    def obey(simulation: Simulation) -> None:
        signal.signal(signal.SIGTERM, lambda *_: simulation.stop())
        if asked:
            simulation.stop()

    with suppress(BrokenPipeError):
        try:
            pipe.send(worker.work(real_clock(), pipe.send, obey))
        except ShopstreamError as error:
            pipe.send(error)
