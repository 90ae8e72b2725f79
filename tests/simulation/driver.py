"""One driver of an application, as `emr_jobs.__main__` puts it together, on stores in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from emr_jobs.kernel.batches import BatchApplication, BatchRunner, StreamIdentity
from emr_jobs.kernel.errors import Conflict, DriverRefused, Gap, Miscounted, Stopped, Superseded
from emr_jobs.kernel.lake import LakeIngest, LakeTables
from emr_jobs.kernel.lease import Lease, take
from emr_jobs.kernel.metrics import Metrics
from emr_jobs.kernel.progress import ProgressStore
from tests.simulation.applications.clicks import Clicks
from tests.simulation.applications.ingest import Ingest
from tests.simulation.applications.orders import Orders
from tests.simulation.auditor import Violation
from tests.simulation.records import BrokerClient, Record
from tests.simulation.schedule import Interruption
from tests.simulation.stores.calls import Calls, Died, StoreDown
from tests.simulation.stores.database import Session
from tests.simulation.stores.engine import Checkpoint, Query, Tripped, Unreadable
from tests.simulation.stores.lake import TableClient

if TYPE_CHECKING:
    from tests.simulation.world import World

TOPICS = {"ingest": ("clicks", "orders"), "orders": ("orders",), "clicks": ("clicks",)}
# Batches of more than twice as many are applied in parts.
MAX_OFFSETS = 4
# What ends a process that its supervisor starts again.
_RESTARTED = (Conflict, Tripped, Miscounted, FileNotFoundError)


@dataclass(frozen=True)
class Kernel:
    """The parts of the kernel that a driver is made of; a mutant has one that is broken."""

    progress: type[ProgressStore] = ProgressStore  # type: ignore[type-arg] - of any connection
    runner: type[BatchRunner] = BatchRunner  # type: ignore[type-arg] - of any frame
    session: type[Session] = Session
    table: type[TableClient] = TableClient
    orders: type[Orders] = Orders
    clicks: type[Clicks] = Clicks
    lake: type[LakeIngest] = LakeIngest  # type: ignore[type-arg] - of any frame and connection


class Unmeasured(Metrics):
    """What is measured is not looked at here, and takes a tenth of the time."""

    def emit(self, *_: object, **__: object) -> None: ...


class DriverProcess:
    """One process that drives an application, as `emr_jobs.__main__` puts it together."""

    def __init__(self, world: World, application: str, name: str, version: int) -> None:
        self._world = world
        self._application = application
        self._name = name
        self.version = version
        self._calls = Calls(world.visited, lambda what: world.sleep(self, what))
        self._heart: Session | None = None
        self._query: Callable[[], Query] | None = None
        self._running: Query | None = None
        self._lease: Lease | None = None
        # Whether a store did not answer, and the plan has to be made again.
        self._out = False
        self._accept = False
        self.asleep = ""

    def __str__(self) -> str:
        return f"{self._name} of {self._application}"

    @property
    def ready(self) -> bool:
        """Whether it has begun, and is not frozen."""
        return (self._query is not None or self._out) and self.asleep != "freezes"

    def begin(self, interruption: Interruption | None, *, take_over: bool, accept: bool) -> None:
        self._calls.arm(interruption)
        self._accept = accept
        self._guarded(lambda: self._begin(take_over))

    def batch(self, limit: int, interruption: Interruption | None) -> bool:
        """Run the next batch; whether there was one. A query whose batch hangs is started again:
        then two batches of one driver run. A plan whose store did not answer is made again."""
        if self.asleep:
            self._running = None
        self._calls.arm(interruption)
        if self._out:
            return self._guarded(self._plan)
        return self._guarded(lambda: self._batch(limit))

    def beat(self) -> None:
        """The heart beats, unless the process is frozen or another's epoch has come."""
        row = self._world.database.drivers.get(self._application)
        if self.asleep != "freezes" and row is not None and self._has(row.epoch):
            row.heartbeat_at = self._world.now

    def end(self) -> None:
        """The process is gone, and with it the lock of its heart."""
        row = self._world.database.drivers.get(self._application)
        if row is not None and row.held_by is self._heart:
            row.held_by = None
        drivers = self._world.drivers[self._application]
        if self in drivers:
            drivers.remove(self)

    def _has(self, epoch: int) -> bool:
        return self._lease is not None and self._lease.epoch == epoch

    def _guarded(self, do: Callable[[], bool]) -> bool:
        world = self._world
        try:
            return do()
        except StoreDown as error:
            world.visited["StoreDown"] += 1
            world.say(f"{self} waits: {error}")
            self._query, self._running, self._out = None, None, True
            if self._lease is not None:
                return False
        except (Died, Superseded, Stopped, *_RESTARTED) as error:
            name = type(error).__name__
            world.visited[name] += 1
            world.say(f"{self} ends: {name} {error}")
            if isinstance(error, Stopped) and not isinstance(error, DriverRefused):
                self._stopped(error)
        self.end()
        return False

    def _stopped(self, reason: Stopped) -> None:
        """A person looks. A checkpoint that lags behind the progress, or into which a driver of
        before has written, is deleted; nothing is lost by that."""
        world = self._world
        if not isinstance(reason, Gap) or world.lost(self._application):
            world.stopped[self._application] = reason
        elif isinstance(reason, Unreadable) or world.visited["checkpoint forgotten"]:
            world.begin_anew(self._application)
        else:
            raise Violation(f"{self._application}: no gap, but {reason}")

    def _begin(self, take_over: bool) -> bool:
        world = self._world
        self._heart = Session(world.database, self._calls, lambda: world.now)
        self._lease = take(self._heart, self._application, self._name, take_over=take_over)
        return self._plan()

    def _plan(self) -> bool:
        world, application, calls = self._world, self._application, self._calls
        kernel, topics, lease = world.kernel, TOPICS[application], self._lease
        assert lease is not None
        session = kernel.session(world.database, calls, lambda: world.now)
        metrics = Unmeasured(application, lambda line: None, world.clock)
        progress = kernel.progress(session, lease, calls.visit, metrics)
        client = BrokerClient(world.broker, calls)
        identity = StreamIdentity("cluster", dict(client.topic_ids(topics)))
        earliest = world.broker.offsets(topics, lambda log: log.start)
        offsets = progress.begin(identity.topic_ids, earliest, accept_new_topic=self._accept)
        world.stopped.pop(application, None)
        key = (application, *identity.topic_ids.values())
        files = world.checkpoints.setdefault(key, Checkpoint())
        runner = kernel.runner(
            self._made(session, progress, client),
            files=files,
            progress=progress,
            source=client,
            identity=identity,
            max_offsets=MAX_OFFSETS,
            visit=calls.visit,
            metrics=metrics,
            clock=world.clock,
        )
        runner.resume(earliest)
        self._query = lambda: Query(world.broker, topics, files, runner, offsets)
        self._out = False
        return True

    def _batch(self, limit: int) -> bool:
        assert self._query is not None
        if self._running is None:
            self._running = self._query()
        return self._running.trigger(limit)

    def _made(
        self, session: Session, progress: ProgressStore[Session], client: BrokerClient
    ) -> BatchApplication[list[Record]]:
        world = self._world
        tables = {
            name: world.kernel.table(table, self._calls) for name, table in world.tables.items()
        }
        silver = {name: tables[f"silver.{name}"] for name in ("clicks", "orders")}
        if self._application == "orders":
            return world.kernel.orders(session, progress, client)
        if self._application == "clicks":
            return world.kernel.clicks(progress, client, silver["clicks"], world.clock)
        lake = LakeTables(
            tables["bronze"], dict(silver), tables["duplicates"], tables["quarantine"]
        )
        ingest = world.kernel.lake(lake, progress, self._calls.visit, _Turn, in_turn)
        return Ingest(silver, ingest, self.version)


def in_turn(things: Sequence[Callable[[], None]]) -> None:
    """Do all, one after the other: any order will do, so not the one in which they are given."""
    for each in reversed(things):
        each()


class _Turn:
    """Nobody waits for a turn here."""

    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...
