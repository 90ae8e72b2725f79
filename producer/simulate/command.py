"""``python -m producer simulate``: from its arguments to a summary and an exit code."""

from __future__ import annotations

import time

from producer import terminal
from producer.replay.replaying import Clock
from producer.simulate.arguments import SimulateArguments, shop_clock
from producer.simulate.report import Progress, StatusLines, Summary
from producer.simulate.team import Team
from producer.simulate.worker import Outcome, Worker
from producer.wiring import new_run_id


def simulate(arguments: SimulateArguments) -> int:
    """Run one command line to its end; the exit code."""
    clock = real_clock()
    now, began = clock.now_us(), clock.monotonic()
    shop_time = shop_clock(arguments, now)
    name = arguments.run or new_run_id(now)
    workers = [Worker(arguments, shop_time, name, number) for number in range(arguments.workers)]
    for worker in workers:
        worker.refuse_known_run()
    outcomes = _work(workers, clock)
    summary = Summary.of(
        Progress.together(outcome.progress for outcome in outcomes),
        runs=[outcome.run for outcome in outcomes],
        seed=arguments.seed,
        start_us=shop_time.start,
        finished=all(outcome.finished for outcome in outcomes),
        seconds=clock.monotonic() - began,
        labels=[outcome.labels for outcome in outcomes if outcome.labels],
        ledger=str(arguments.where.ledger) if arguments.where.ledger else None,
    )
    if arguments.json:
        terminal.answer(summary.as_fields())
    for line in summary.as_lines():
        terminal.tell(line)
    return summary.exit_code


def real_clock() -> Clock:
    """The clock of the machine."""
    return Clock(lambda: time.time_ns() // 1000, time.monotonic, time.sleep)


def _work(workers: list[Worker], clock: Clock) -> list[Outcome]:
    status = StatusLines(clock.monotonic())

    def tell(progress: Progress) -> None:
        for line in status.lines(progress, clock.monotonic()):
            terminal.tell(line)

    if len(workers) == 1:
        return [workers[0].work(clock, tell, terminal.stop_on_signal)]
    team = Team(workers)
    terminal.stop_on_signal(team)
    return team.work(tell, clock)
