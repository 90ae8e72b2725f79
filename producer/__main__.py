"""``python -m producer``: read arguments, build clients, send, end with a summary and a code."""

from __future__ import annotations

import gc
import secrets
import signal
import sys
import time
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from contracts.fragments import OrderValues
from contracts.ledger import Run
from contracts.registry import BundledRegistry, MemoryStore, SchemaVersion
from contracts.schemas import bundled_schemas
from contracts.topics import ORDERS
from producer import terminal
from producer.arguments import ReplayArguments, parse
from producer.errors import ProducerError
from producer.ledger import FileLedger, Ledger, NoLedger
from producer.online_retail import Prepared, prepare
from producer.outlets import Outlet
from producer.outlets.file import FileOutlet
from producer.outlets.kafka import DELIVERY_SECONDS, KafkaOutlet, find_place, security
from producer.outlets.null import NullOutlet
from producer.pace import Pace
from producer.rejected_rows import RejectedRows
from producer.replay import CURRENCY, PAYMENT_METHOD, Clock, Replay
from producer.subjects import Tokens, Vault
from producer.summary import Summary
from producer.vaults import FileVault, NoVault, PostgresVault

INTERRUPTED = 130


def main(command_line: list[str]) -> int:
    """Run one command line; return the exit code, having told any error."""
    arguments = parse(command_line)
    try:
        return _replay(arguments)
    except ProducerError as error:
        if arguments.json:
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
    prepared = prepare(arguments, clock.now_us())
    if arguments.check:
        terminal.tell(f"{arguments.file}: {prepared.file.rows:,} data rows, can be replayed")
        return 0
    with ExitStack() as held:
        outlet = _outlet(arguments, clock)
        held.callback(outlet.close)
        vault = _vault(arguments)
        held.callback(vault.close)
        run = prepared.run(
            _run_id(prepared.started_at),
            outlet.place(),
            new_run=arguments.new_run,
            rebased=arguments.rebase_time,
        )
        rejected = held.enter_context(closing(RejectedRows(_rejected_file(arguments, run))))
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
    prepared: Prepared,
    run: Run,
    outlet: Outlet,
    vault: Vault,
    rejected: RejectedRows,
    clock: Clock,
) -> int:
    grouping = prepared.grouping(rejected)
    replay = Replay(
        run=run,
        outlet=outlet,
        ledger=_ledger(arguments, run),
        tokens=Tokens(vault, "customer"),
        values=OrderValues(
            _schema(),
            run=run.run,
            producer=run.producer,
            currency=CURRENCY,
            payment_method=PAYMENT_METHOD,
        ),
        regions=prepared.regions,
        pace=Pace(arguments.speed),
        clock=clock,
        rows_read=lambda: grouping.rows,
        rejected=lambda: rejected.counts,
        tell=terminal.tell,
    )
    _stop_on_signal(replay)
    began = clock.monotonic()
    ended = replay.send(grouping.orders(prepared.file.blocks()))
    unknown = replay.finish(DELIVERY_SECONDS + 10)
    finished = ended and unknown == 0 and replay.counts.failed == 0
    replay.close(prepared.last_row if finished else replay.last_row, finished=finished)
    summary = Summary.of(
        replay,
        prepared,
        rejected_file=rejected.path if rejected.counts else None,
        ledger=arguments.ledger,
        finished=finished,
        unknown=unknown,
        seconds=clock.monotonic() - began,
    )
    if arguments.json:
        terminal.answer(summary.as_fields())
    for line in summary.as_lines():
        terminal.tell(line)
    return summary.exit_code


def _stop_on_signal(replay: Replay) -> None:
    """The first Ctrl-C (or SIGTERM) ends gracefully, the second at once."""

    def stop(_signal: int, _frame: FrameType | None) -> None:
        if replay.stopping:
            raise KeyboardInterrupt
        replay.stop()
        terminal.tell("stopping: waiting for acknowledgements; Ctrl-C again to leave at once")

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)


def _outlet(arguments: ReplayArguments, clock: Clock) -> Outlet:
    if arguments.outlet == "null":
        return NullOutlet()
    if arguments.outlet == "file":
        assert arguments.out is not None
        return FileOutlet(arguments.out, clock=clock.now_us)
    sign_in = security(arguments.kafka_auth, arguments.region)
    place = find_place(arguments.bootstrap_servers, sign_in, ORDERS)
    return KafkaOutlet({"bootstrap.servers": arguments.bootstrap_servers, **sign_in}, place)


def _vault(arguments: ReplayArguments) -> Vault:
    if arguments.vault.startswith(("postgres://", "postgresql://")):
        return PostgresVault(arguments.vault)
    if arguments.vault:
        return FileVault(Path(arguments.vault))
    if arguments.out is not None:
        return FileVault(arguments.out / "vault")
    return NoVault()


def _ledger(arguments: ReplayArguments, run: Run) -> Ledger:
    return NoLedger() if arguments.ledger is None else FileLedger(arguments.ledger, run)


def _rejected_file(arguments: ReplayArguments, run: Run) -> Path:
    if arguments.rejected is not None:
        return arguments.rejected
    folder = Path() if arguments.ledger is None else arguments.ledger / run.run
    return folder / "rejected.csv"


def _run_id(started_at: int) -> str:
    started = datetime.fromtimestamp(started_at // 1_000_000, UTC)
    return f"{started:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"


def _schema() -> SchemaVersion:
    """The version that this package writes: its id is the same in every registry of this kind."""
    schemas = bundled_schemas()["orders"]
    return BundledRegistry(MemoryStore({})).register("orders", schemas[0])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
