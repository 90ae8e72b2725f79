"""A shop in memory, its applications' drivers, and the steps of a schedule as they happen to it."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from emr_jobs.kernel.batches import BatchApplication, BatchRunner, StreamIdentity
from emr_jobs.kernel.errors import Conflict, DriverRefused, Gap, Stopped, Superseded, TopicReplaced
from emr_jobs.kernel.lake import LakeIngest, LakeTables
from emr_jobs.kernel.lease import take
from emr_jobs.kernel.metrics import Metrics
from emr_jobs.kernel.progress import ProgressStore
from tests.simulation.applications import Clicks, Ingest, Orders, moment
from tests.simulation.auditor import Auditor, Violation
from tests.simulation.calls import Calls, Died, StoreDown
from tests.simulation.database import Database, Session
from tests.simulation.engine import Checkpoint, Query, Tripped, Unreadable
from tests.simulation.lake import MemoryTable, TableClient
from tests.simulation.records import HOUR, MINUTE, Broker, BrokerClient, Event, Miscounted, Record
from tests.simulation.schedule import Interruption, Step

TOPICS = {"ingest": ("clicks", "orders"), "orders": ("orders",), "clicks": ("clicks",)}
APPLICATIONS = tuple(TOPICS)
TABLES = ("bronze", "duplicates", "quarantine", "silver.clicks", "silver.orders")
# How long before it is appended an event happened, at most.
_LAGS = (0, MINUTE, 20 * MINUTE, 45 * MINUTE, 3 * HOUR)
# Records of a partition that a batch takes at most.
_LIMITS = (1, 2, 3, 5, 9)
# What ends a process that its supervisor starts again.
_RESTARTED = (Conflict, StoreDown, Tripped, Miscounted, FileNotFoundError)


@dataclass(frozen=True)
class Kernel:
    """The parts of the kernel that a driver is made of; a mutant has one that is broken."""

    progress: type[ProgressStore] = ProgressStore  # type: ignore[type-arg] - of any connection
    runner: type[BatchRunner] = BatchRunner  # type: ignore[type-arg] - of any frame
    session: type[Session] = Session
    table: type[TableClient] = TableClient
    orders: type[Orders] = Orders
    lake: type[LakeIngest] = LakeIngest  # type: ignore[type-arg] - of any frame and connection


class Unmeasured(Metrics):
    """What is measured is not looked at here, and takes a tenth of the time."""

    def emit(self, *_: object, **__: object) -> None: ...


class World:
    """Everything a schedule happens to."""

    def __init__(self, schedule: Sequence[Step], kernel: Kernel) -> None:
        self.kernel = kernel
        self.visited: Counter[str] = Counter()
        self.now = 0
        self.version = 1
        self.broker = Broker(("clicks", "orders"))
        self.database = Database()
        self.tables = {name: MemoryTable(name) for name in TABLES}
        self.checkpoints: dict[tuple[str, ...], Checkpoint] = {}
        self.auditor = Auditor(self.database, self.tables, self.broker)
        self.drivers: dict[str, list[DriverProcess]] = {name: [] for name in APPLICATIONS}
        # Applications that a person must decide about, by what stopped them.
        self.stopped: dict[str, Stopped] = {}
        self._steps = list(reversed(schedule))
        self._events: list[tuple[str, Event]] = []
        self._started = 0

    def clock(self) -> datetime:
        return moment(self.now)

    def run(self) -> None:
        """Carry the schedule out, and then bring every application to the topics' ends."""
        while self._steps:
            self._next()
        self._catch_up()
        self.auditor.final()

    def sleep(self, driver: DriverProcess, what: Interruption) -> None:
        """Let the next steps happen while a driver hangs in a call, or is frozen."""
        driver.asleep = what.happening
        if what.happening == "freezes":
            self.now += HOUR
        for _ in range(what.steps):
            if self._steps:
                self._next()
        driver.asleep = ""

    def _next(self) -> None:
        step = self._steps.pop()
        self.now += 7_000_000
        for drivers in self.drivers.values():
            for driver in drivers:
                driver.beat()
        self.visited[step.kind] += 1
        _DO[step.kind](self, step)
        self.auditor.look()

    # Steps

    def _produce(self, step: Step) -> None:
        topic = self.broker.topics[("clicks", "orders")[step.application % 2]]
        chance = random.Random(step.draw)
        for _ in range(chance.randint(1, 6)):
            event = Event(
                f"e{len(self._events)}",
                self.now - chance.choice(_LAGS),
                chance.randrange(4),
                chance.randrange(1000),
                chance.random() > 0.08,
                2 if topic.name == "orders" and chance.random() < 0.15 else 1,
            )
            self._events.append((topic.name, event))
            topic.append(chance.randrange(8), event, self.now)

    def _copy(self, step: Step) -> None:
        if not self._events:
            return
        chance = random.Random(step.draw)
        for _ in range(chance.randint(1, 4)):
            back = min(len(self._events), 1 + int(chance.expovariate(0.15)))
            topic, event = self._events[-back]
            self.broker.topics[topic].append(chance.randrange(8), event, self.now)

    def _batch(self, step: Step) -> None:
        application = APPLICATIONS[step.application]
        drivers = [each for each in self.drivers[application] if each.ready]
        if not drivers:
            self._start(replace(step, interruption=None))
            drivers = [each for each in self.drivers[application] if each.ready]
        if drivers:
            driver = drivers[0] if step.draw % 3 == 0 else drivers[-1]
            driver.batch(_LIMITS[step.draw % len(_LIMITS)], step.interruption)

    def _start(self, step: Step) -> None:
        application = APPLICATIONS[step.application]
        accept = isinstance(self.stopped.get(application), TopicReplaced)
        if not isinstance(self.stopped.get(application), Gap):
            self.start(application, step.interruption, accept=accept)

    def _take_over(self, step: Step) -> None:
        application = APPLICATIONS[step.application]
        if application not in self.stopped:
            if step.draw % 3 == 0:
                self._forget_checkpoints(application)
            self.start(application, step.interruption, take_over=True)

    def start(
        self,
        application: str,
        interruption: Interruption | None = None,
        *,
        take_over: bool = False,
        accept: bool = False,
    ) -> None:
        """Start a process that would drive the application."""
        self._started += 1
        # New code begins when the old has ended: of two that judge alike it does not matter who
        # tells a batch's outcomes, but what the old rejects the new could have accepted already.
        version = min((each.version for each in self.drivers[application]), default=self.version)
        driver = DriverProcess(self, application, f"driver-{self._started}", version)
        self.drivers[application].append(driver)
        driver.begin(interruption, take_over=take_over, accept=accept)

    def _delete_checkpoint(self, step: Step) -> None:
        """A driver that runs has its checkpoint; one that is frozen has none to be heard of."""
        application = APPLICATIONS[step.application]
        if all(each.asleep == "freezes" for each in self.drivers[application]):
            self._forget_checkpoints(application)

    def begin_anew(self, application: str) -> None:
        """Stop what runs, and delete the application's checkpoints, as a person does."""
        for driver in list(self.drivers[application]):
            if driver.asleep != "freezes":
                driver.end()
        self._forget_checkpoints(application)

    def _forget_checkpoints(self, application: str) -> None:
        self.visited["checkpoint forgotten"] += 1
        for key, files in self.checkpoints.items():
            if key[0] == application:
                files.clear()

    def _add_partition(self, step: Step) -> None:
        topic = self.broker.topics[("clicks", "orders")[step.application % 2]]
        if len(topic.partitions) < 4:
            topic.partitions.append(type(topic.partitions[0])())

    def _make_topic_again(self, step: Step) -> None:
        self.broker.make(("clicks", "orders")[step.application % 2])

    def _retain(self, step: Step) -> None:
        """Drop what every application has applied."""
        for topic in self.broker.topics.values():
            readers = [name for name, topics in TOPICS.items() if topic.name in topics]
            for index, log in enumerate(topic.partitions):
                log.start = max(
                    log.start,
                    min(
                        self.database.progress.get((name, topic.topic_id, index), 0)
                        for name in readers
                    ),
                )

    def _lose(self, step: Step) -> None:
        topic = self.broker.topics[("clicks", "orders")[step.application % 2]]
        begun = {name for name, topic_id, _ in self.database.progress if topic_id == topic.topic_id}
        # Who begins later begins at the earliest offset there is, and cannot miss one.
        if len(begun) == 2:
            log = topic.partitions[step.draw % len(topic.partitions)]
            log.start = max(log.start, step.draw % (log.end + 1))

    def _deploy(self, step: Step) -> None:
        self.version = 2

    def _compact(self, step: Step) -> None:
        for table in self.tables.values():
            table.compact()

    def _wait(self, step: Step) -> None:
        self.now += HOUR

    # The end

    def _catch_up(self) -> None:
        for drivers in self.drivers.values():
            for driver in list(drivers):
                driver.end()
        self.now += HOUR
        for application in APPLICATIONS:
            if not isinstance(self.stopped.get(application), Gap):
                self._drain(application)

    def _drain(self, application: str) -> None:
        accept = False
        for _ in range(5):
            self.start(application, accept=accept)
            self.auditor.look()
            while self.drivers[application] and self.drivers[application][0].batch(20, None):
                self.auditor.look()
            stopped = self.stopped.get(application)
            if isinstance(stopped, Gap) and self.lost(application):
                return
            if self.drivers[application]:
                try:
                    self._require_end(application)
                    return
                except Violation:
                    # A commit log of two drivers may call a batch done that was not applied.
                    if not self.visited["checkpoint forgotten"]:
                        raise
                    self.begin_anew(application)
            accept = isinstance(stopped, TopicReplaced)
            if self.visited["checkpoint forgotten"]:
                # What ran when the checkpoint was deleted has left a part of one.
                self._forget_checkpoints(application)
        raise Violation(f"{application} does not come to the end: {self.stopped}")

    def _require_end(self, application: str) -> None:
        for name in TOPICS[application]:
            topic = self.broker.topics[name]
            for index, log in enumerate(topic.partitions):
                until = self.database.progress.get((application, topic.topic_id, index), 0)
                if until != log.end:
                    raise Violation(f"{application}: {name}/{index} is at {until} of {log.end}")

    def lost(self, application: str) -> bool:
        """Whether Kafka has lost offsets that the application did not apply."""
        return any(
            log.start > self.database.progress.get((application, topic.topic_id, index), 0)
            for topic in self.broker.topics.values()
            if topic.name in TOPICS[application]
            for index, log in enumerate(topic.partitions)
        )


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
        self._epoch = 0
        self.asleep = ""

    @property
    def ready(self) -> bool:
        """Whether it has begun, and is not frozen."""
        return self._query is not None and self.asleep != "freezes"

    def begin(self, interruption: Interruption | None, *, take_over: bool, accept: bool) -> None:
        self._calls.arm(interruption)
        self._guarded(lambda: self._begin(take_over, accept))

    def batch(self, limit: int, interruption: Interruption | None) -> bool:
        """Run the next batch; whether there was one. A query whose batch hangs is started again:
        then two batches of one driver run."""
        assert self._query is not None
        if self.asleep:
            self._running = None
        self._calls.arm(interruption)
        return self._guarded(lambda: self._batch(limit))

    def beat(self) -> None:
        """The heart beats, unless the process is frozen or another's epoch has come."""
        row = self._world.database.drivers.get(self._application)
        if self.asleep != "freezes" and row is not None and row.epoch == self._epoch:
            row.heartbeat_at = self._world.now

    def end(self) -> None:
        """The process is gone, and with it the lock of its heart."""
        row = self._world.database.drivers.get(self._application)
        if row is not None and row.held_by is self._heart:
            row.held_by = None
        drivers = self._world.drivers[self._application]
        if self in drivers:
            drivers.remove(self)

    def _guarded(self, do: Callable[[], bool]) -> bool:
        world = self._world
        try:
            return do()
        except Died:
            pass
        except Superseded:
            world.visited["superseded"] += 1
        except DriverRefused:
            world.visited["driver refused"] += 1
        except Stopped as reason:
            world.visited[type(reason).__name__] += 1
            self._stopped(reason)
        except _RESTARTED as error:
            world.visited[type(error).__name__] += 1
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

    def _begin(self, take_over: bool, accept: bool) -> bool:
        world, application, calls = self._world, self._application, self._calls
        kernel, topics = world.kernel, TOPICS[application]
        self._heart = Session(world.database, calls, lambda: world.now)
        lease = take(self._heart, application, self._name, take_over=take_over)
        self._epoch = lease.epoch
        session = kernel.session(world.database, calls, lambda: world.now)
        metrics = Unmeasured(application, lambda line: None, world.clock)
        progress = kernel.progress(session, lease, calls.visit, metrics)
        client = BrokerClient(world.broker, calls)
        identity = StreamIdentity("cluster", dict(client.topic_ids(topics)))
        earliest = world.broker.offsets(topics, lambda log: log.start)
        offsets = progress.begin(identity.topic_ids, earliest, accept_new_topic=accept)
        world.stopped.pop(application, None)
        key = (application, *identity.topic_ids.values())
        files = world.checkpoints.setdefault(key, Checkpoint())
        runner = kernel.runner(
            self._made(session, progress, client),
            files=files,
            progress=progress,
            source=client,
            identity=identity,
            visit=calls.visit,
            metrics=metrics,
            clock=world.clock,
        )
        runner.resume()
        self._query = lambda: Query(world.broker, topics, files, runner, offsets)
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
            return Clicks(progress, client, silver["clicks"], world.clock)
        lake = LakeTables(
            tables["bronze"], dict(silver), tables["duplicates"], tables["quarantine"]
        )
        ingest = world.kernel.lake(lake, progress, self._calls.visit, _Turn)
        return Ingest(lake, silver, ingest, self.version)


class _Turn:
    """Nobody waits for a turn here."""

    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...


_DO: dict[str, Callable[[World, Step], None]] = {
    "produce": World._produce,
    "copies": World._copy,
    "batch": World._batch,
    "start": World._start,
    "take over": World._take_over,
    "checkpoint deleted": World._delete_checkpoint,
    "partition added": World._add_partition,
    "topic made again": World._make_topic_again,
    "retention": World._retain,
    "offsets lost": World._lose,
    "deploy": World._deploy,
    "compaction": World._compact,
    "an hour passes": World._wait,
}
