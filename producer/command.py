"""The producer's command: read arguments, build clients, send, end with a summary and a code."""

from __future__ import annotations

import gc
import time
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

from contracts.errors import INTERRUPTED, ShopstreamError
from contracts.ledger import Run
from producer import terminal
from producer.arguments import ReplayArguments, parse
from producer.outlets import Outlet
from producer.outlets.kafka import DELIVERY_SECONDS
from producer.replay.data_file import Layout, Prepared, prepare
from producer.replay.files.patterns import read_patterns
from producer.replay.files.rejected_rows import RejectedRows
from producer.replay.online_retail.layout import OnlineRetail
from producer.replay.pace import Pace
from producer.replay.rees46.layout import Rees46
from producer.replay.replaying import Clock, Replay
from producer.simulate.arguments import SimulateArguments
from producer.simulate.command import simulate
from producer.simulate.sample import SampleArguments, write_sample
from producer.subjects import Tokens, Vault
from producer.summary import Summary
from producer.wiring import (
    new_run_id,
    open_ledger,
    open_outlet,
    open_vault,
)


def main(command_line: list[str]) -> int:
    """Run one command line; return the exit code, having told any error."""
    try:
        arguments = parse(command_line)
        if isinstance(arguments, SimulateArguments):
            return simulate(arguments)
        if isinstance(arguments, SampleArguments):
            return write_sample(arguments)
        return _replay(arguments)
    except ShopstreamError as error:
        if "--json" in command_line:
            terminal.answer(error.as_fields())
        for line in error.as_lines():
            terminal.tell(line)
        return error.exit_code
    except KeyboardInterrupt:
        terminal.tell("left at once: the ledger tells what was attempted")
        return INTERRUPTED


def _replay(arguments: ReplayArguments) -> int:
    # What start-up made stays; without this a full collection looks at all of it again and again.
    gc.freeze()
    clock = Clock(lambda: time.time_ns() // 1000, time.monotonic, time.sleep)
    prepared = prepare(arguments, _layout(arguments), clock.now_us())
    if arguments.check:
        terminal.tell(f"{arguments.file}: {prepared.file.rows:,} data rows, can be replayed")
        return 0
    with ExitStack() as held:
        outlet = open_outlet(arguments.where, *prepared.layout.topics, now_us=clock.now_us)
        held.callback(outlet.close)
        vault = open_vault(arguments.where)
        held.callback(vault.close)
        run = prepared.run(
            new_run_id(prepared.started_at),
            outlet.place(),
            new_run=arguments.new_run,
            rebased=arguments.rebase_time,
        )
        rejected = held.enter_context(
            closing(RejectedRows(_rejected_file(arguments, run), prepared.layout.columns))
        )
        return _send(
            arguments,
            prepared=prepared,
            run=run,
            outlet=outlet,
            vault=vault,
            rejected=rejected,
            clock=clock,
        )


def _send(
    arguments: ReplayArguments,
    *,
    prepared: Prepared[Any],
    run: Run,
    outlet: Outlet,
    vault: Vault,
    rejected: RejectedRows,
    clock: Clock,
) -> int:
    reading = prepared.reading(rejected.add)
    tokens = Tokens(vault, "customer")
    replay = Replay(
        run=run,
        outlet=outlet,
        ledger=open_ledger(arguments.where, run),
        encoder=prepared.layout.encoder(arguments.where, run, tokens, clock.now_us),
        pace=Pace(arguments.speed),
        clock=clock,
        rows_read=lambda: reading.rows,
        rejected=lambda: rejected.counts,
        tell=terminal.tell,
        noun=prepared.layout.noun,
    )
    terminal.stop_on_signal(replay)
    began = clock.monotonic()
    ended = replay.send(reading.events(prepared.file.blocks()))
    unknown = replay.finish(DELIVERY_SECONDS + 10)
    finished = ended and unknown == 0 and replay.counts.failed == 0
    replay.close(prepared.last_row if finished else replay.last_row, finished=finished)
    summary = Summary.of(
        replay,
        prepared,
        rejected_file=rejected.path if rejected.counts else None,
        ledger=arguments.where.ledger,
        finished=finished,
        unknown=unknown,
        seconds=clock.monotonic() - began,
    )
    if arguments.json:
        terminal.answer(summary.as_fields())
    for line in summary.as_lines():
        terminal.tell(line)
    return summary.exit_code


def _rejected_file(arguments: ReplayArguments, run: Run) -> Path:
    if arguments.rejected is not None:
        return arguments.rejected
    ledger = arguments.where.ledger
    folder = Path() if ledger is None else ledger / run.run
    return folder / "rejected.csv"


def _layout(arguments: ReplayArguments) -> Layout[Any]:
    if arguments.layout == "rees46":
        return Rees46()
    return OnlineRetail(
        read_patterns(arguments.categories, "category"), read_patterns(arguments.regions, "region")
    )
