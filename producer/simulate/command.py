"""``python -m producer simulate``: from its arguments to a summary and an exit code."""

from __future__ import annotations

from contextlib import ExitStack

from producer import terminal
from producer.clock import Clock, real_clock
from producer.simulate.arguments import SimulateArguments, shop_clock
from producer.simulate.report import SimulationProgress, SimulationSummary, StatusLines
from producer.simulate.team import Team
from producer.simulate.worker import Worker, WorkerResult
from producer.wiring import new_run_id


def simulate(arguments: SimulateArguments) -> int:
    """Run one command line to its end; return the exit code."""
    clock = real_clock()
    now, began = clock.now_us(), clock.monotonic()
    shop_time = shop_clock(arguments, now)
    name = arguments.run or new_run_id(now)
    workers = [Worker(arguments, shop_time, name, number) for number in range(arguments.workers)]
    for worker in workers:
        worker.refuse_known_run()
    results = _work(workers, clock)
    summary = SimulationSummary(
        progress=SimulationProgress.together(result.progress for result in results),
        runs=[result.run for result in results],
        seed=arguments.seed,
        start_us=shop_time.start,
        finished=all(result.finished for result in results),
        seconds=round(clock.monotonic() - began, 3),
        labels=[result.labels for result in results if result.labels],
        ledger=str(arguments.endpoints.ledger) if arguments.endpoints.ledger else None,
    )
    return terminal.end(summary, as_json=arguments.json)


def _work(workers: list[Worker], clock: Clock) -> list[WorkerResult]:
    status = StatusLines(clock.monotonic())

    def tell(progress: SimulationProgress) -> None:
        for line in status.lines(progress, clock.monotonic()):
            terminal.tell(line)

    with ExitStack() as signals:

        def stop_when_asked(running: terminal.Stoppable) -> None:
            signals.enter_context(terminal.stopping_on_signal(running))

        if len(workers) == 1:
            return [workers[0].work(clock, tell, stop_when_asked)]
        team = Team(workers)
        stop_when_asked(team)
        return team.work(tell, clock)
