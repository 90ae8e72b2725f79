"""``python -m producer replay``: from its arguments to a summary and an exit code."""

from __future__ import annotations

import gc
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from contracts.data_files.mappings import OrderMapping
from contracts.errors import Usage
from contracts.ledger import Run
from producer import terminal
from producer.clock import Clock, Pace, real_clock
from producer.ledger import kept_zone, refuse_earlier_ids
from producer.outlets import Destination
from producer.outlets.kafka import FLUSH_SECONDS
from producer.replay.arguments import ReplayArguments
from producer.replay.checked_file import CheckedFile
from producer.replay.data_file import Layout, PreparedReplay, Reading, prepare
from producer.replay.files.given import Given
from producer.replay.files.rejected_rows import RejectedRows
from producer.replay.online_retail.layout import OnlineRetail
from producer.replay.orders.layout import Exports
from producer.replay.orders.proposing import proposed_mapping
from producer.replay.rees46.layout import Rees46
from producer.replay.replaying import Replay
from producer.replay.summary import ReplaySummary
from producer.replay.survey import clock_changes, require_usable
from producer.replay.values.patterns import read_patterns
from producer.room import Gate
from producer.subjects import Tokens, Vault, data_set_key
from producer.wiring import (
    new_run_id,
    open_ledger,
    open_order_ids,
    open_outlet,
    open_room,
    open_vault,
)


def replay(arguments: ReplayArguments) -> int:
    """Run one command line to its end; return the exit code."""
    # Objects made at start-up stay. Without this, each full collection looks at all of them again.
    gc.freeze()
    try:
        return _replay(arguments, real_clock())
    finally:
        gc.unfreeze()


def _replay(arguments: ReplayArguments, clock: Clock) -> int:
    if arguments.propose:
        return _propose(arguments)
    mapping = _mapping(arguments)
    layout = _layout(arguments, mapping)
    data_set = _data_set(arguments, mapping)
    arguments = replace(arguments, dataset=data_set)
    given = _given(arguments, data_set, mapping)
    with layout.opened(arguments.file, given) as file:
        prepared = prepare(arguments, layout, file, given, clock.now_us())
        rejected = RejectedRows(file.header.names)
        with closing(prepared.reading(rejected.add)) as reading:
            survey = reading.survey(file)
            require_usable(file, survey, arguments.allow_rejected)
            checked = CheckedFile(file, survey, clock_changes(file))
            if arguments.check:
                return terminal.end(checked, as_json=arguments.json)
            for line in checked.as_headline():
                terminal.tell(line)
            summary = _send(arguments, prepared, reading, rejected, clock)
        return terminal.end(summary, as_json=arguments.json)


def _propose(arguments: ReplayArguments) -> int:
    text = proposed_mapping(arguments.file, arguments.given)
    if arguments.json:
        terminal.answer({"mapping": text})
    else:
        terminal.write(text)
    return 0


def _send(
    arguments: ReplayArguments,
    prepared: PreparedReplay[Any],
    reading: Reading[Any],
    rejected: RejectedRows,
    clock: Clock,
) -> ReplaySummary:
    layout, endpoints = prepared.layout, arguments.endpoints
    with ExitStack() as held:
        outlet = held.enter_context(closing(open_outlet(endpoints, *layout.topics, clock=clock)))
        vault = held.enter_context(closing(open_vault(endpoints)))
        refuse_earlier_ids(endpoints.ledger, outlet.destination().cluster_id, arguments.new_run)
        room = held.enter_context(closing(open_room(endpoints, outlet.destination())))
        run = _run(arguments, prepared, outlet.destination(), vault)
        rejected.path = _rejected_file(arguments, run)
        held.callback(rejected.close)
        sending = Replay(
            run=run,
            outlet=outlet,
            ledger=open_ledger(endpoints, run),
            order_ids=held.enter_context(closing(open_order_ids(endpoints))),
            encoder=layout.encoder(endpoints, run, Tokens(vault, "customer"), clock.now_us),
            pace=Pace(arguments.speed),
            clock=clock,
            gate=Gate(room, clock),
            rows_read=lambda: reading.rows,
            rejected=lambda: rejected.counts,
            tell=terminal.tell,
            noun=layout.noun,
        )
        held.enter_context(terminal.stopping_on_signal(sending))
        began = clock.monotonic()
        ended = sending.send(reading.events(prepared.file))
        unknown = sending.finish(FLUSH_SECONDS)
        finished = ended and unknown == 0 and sending.counts.failed == 0
        sending.close(prepared.last_row if finished else sending.last_row, finished=finished)
        return ReplaySummary(
            replay=sending,
            prepared=prepared,
            rejected=rejected.counts,
            rejected_file=rejected.path,
            ledger=endpoints.ledger,
            finished=finished,
            unknown=unknown,
            seconds=clock.monotonic() - began,
        )


def _run(
    arguments: ReplayArguments,
    prepared: PreparedReplay[Any],
    destination: Destination,
    vault: Vault,
) -> Run:
    return prepared.run(
        new_run_id(prepared.started_at),
        destination,
        _edition(arguments.dataset or "", prepared.layout, vault),
        new_run=arguments.new_run,
        rebased=arguments.rebase_time,
    )


def _mapping(arguments: ReplayArguments) -> OrderMapping | None:
    """The mapping that was given; Usage if it is none."""
    path = arguments.columns
    if path is None:
        return None
    try:
        return OrderMapping.from_toml(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise Usage(f"{path} cannot be read: {error}") from error


def _data_set(arguments: ReplayArguments, mapping: OrderMapping | None) -> str:
    """The data set of the rows; Usage if it must be said, because two shops have one order 1001."""
    told = arguments.dataset or (mapping.dataset if mapping else "")
    if told or arguments.layout != "orders":
        return told or arguments.layout
    if arguments.check:
        return ""
    raise Usage(
        "the orders need the name of their data set",
        cause="order 1001 of another shop is another order",
        command='--dataset NAME, or dataset = "NAME" in the mapping',
    )


def _given(arguments: ReplayArguments, data_set: str, mapping: OrderMapping | None) -> Given:
    """What was said of the file, and the zone that is kept for its data set; Usage if another one
    is given."""
    given = replace(arguments.given, columns=mapping.to_json() if mapping else "")
    kept = "" if arguments.new_run else kept_zone(arguments.endpoints.ledger, data_set)
    if kept and given.timezone and kept != given.timezone:
        raise Usage(
            f"the local times of the data set {data_set} were read in {kept} before, not in "
            f"{given.timezone}",
            cause="the same rows would be other events",
            command="the same command without --timezone, or with --dataset NAME or --new-run",
        )
    return replace(given, timezone=given.timezone or kept)


def _edition(data_set: str, layout: Layout[Any], vault: Vault) -> str:
    """The data set that rows belong to, and its key where their ids name people."""
    key = f":{data_set_key(vault, data_set)}" if layout.names_people_in_ids else ""
    return f"{data_set}{key}"


def _rejected_file(arguments: ReplayArguments, run: Run) -> Path:
    if arguments.rejected is not None:
        if arguments.rejected.exists() and arguments.rejected.samefile(arguments.file):
            raise Usage(
                f"{arguments.rejected} is the data file: its rows would be lost",
                command="name another with --rejected FILE",
            )
        return arguments.rejected
    ledger = arguments.endpoints.ledger
    folder = Path() if ledger is None else ledger / run.run
    return folder / "rejected.csv"


def _layout(arguments: ReplayArguments, mapping: OrderMapping | None) -> Layout[Any]:
    if arguments.layout == "rees46":
        return Rees46()
    categories = read_patterns(arguments.categories, "category")
    regions = read_patterns(arguments.regions, "region")
    if arguments.layout == "orders":
        return Exports(mapping, categories, regions)
    return OnlineRetail(categories, regions)
