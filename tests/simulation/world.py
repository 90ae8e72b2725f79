"""A shop in memory, its applications' drivers, and the steps of a schedule as they happen to it."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from emr_jobs.kernel.errors import Gap, Stopped, TopicReplaced
from tests.simulation.applications.questions import moment
from tests.simulation.auditor import Auditor
from tests.simulation.driver import TOPICS, DriverProcess, Kernel
from tests.simulation.ending import catch_up
from tests.simulation.records import HOUR, MINUTE, Broker, Event
from tests.simulation.schedule import Interruption, Step
from tests.simulation.stores.database import Database
from tests.simulation.stores.engine import Checkpoint
from tests.simulation.stores.lake import MemoryTable

APPLICATIONS = tuple(TOPICS)
TABLES = ("bronze", "duplicates", "quarantine", "silver.clicks", "silver.orders")
# How long before it is appended an event happened, at most.
_LAGS = (0, MINUTE, 20 * MINUTE, 45 * MINUTE, 3 * HOUR)
# Records of a partition that a batch takes at most.
_LIMITS = (1, 2, 3, 5, 9)


class World:
    """Everything a schedule happens to. `tell` is told what happens, where somebody listens."""

    def __init__(
        self,
        schedule: Sequence[Step],
        kernel: Kernel,
        tell: Callable[[str], object] | None = None,
    ) -> None:
        self._tell = tell
        # How many drivers sleep while the world goes on.
        self._depth = 0
        self.kernel = kernel
        self.visited: Counter[str] = Counter()
        self.now = 0
        self.version = 1
        self.broker = Broker(("clicks", "orders"))
        self.database = Database()
        self.tables = {name: MemoryTable(name) for name in TABLES}
        self.checkpoints: dict[tuple[str, ...], Checkpoint] = {}
        self.auditor = Auditor(self.database, self.tables, self.broker, self.say if tell else None)
        self.drivers: dict[str, list[DriverProcess]] = {name: [] for name in APPLICATIONS}
        # Applications that a person must decide about, by what stopped them.
        self.stopped: dict[str, Stopped] = {}
        self._steps = list(reversed(schedule))
        self._length = len(self._steps)
        self._events: list[tuple[str, Event]] = []
        # Where each event was first.
        self._appended: dict[str, tuple[str, int]] = {}
        self._started = 0

    def clock(self) -> datetime:
        return moment(self.now)

    def say(self, what: str) -> None:
        if self._tell:
            self._tell(f"{'    ' * self._depth}  {what}")

    def run(self) -> None:
        """Carry the schedule out, and then bring every application to the topics' ends."""
        while self._steps:
            self._next()
        self.say("every application is brought to the topics' ends")
        catch_up(self)
        self.auditor.final()

    def sleep(self, driver: DriverProcess, what: Interruption) -> None:
        """Let the next steps happen while a driver hangs in a call, or is frozen."""
        driver.asleep = what.happening
        if what.happening == "freezes":
            self.now += HOUR
        self.say(f"{driver} {what.happening}")
        self._depth += 1
        for _ in range(what.steps):
            if self._steps:
                self._next()
        self._depth -= 1
        self.say(f"{driver} goes on")
        driver.asleep = ""

    def _next(self) -> None:
        step = self._steps.pop()
        if self._tell:
            self._tell(f"{'    ' * self._depth}{self._length - len(self._steps)}. {step}")
        self.now += 7_000_000
        for drivers in self.drivers.values():
            for driver in drivers:
                driver.beat()
        if _DO[step.kind](self, step) is not False:
            self.visited[step.kind] += 1
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
            index = chance.randrange(8) % len(topic.partitions)
            self._appended[event.event_id] = topic.topic_id, index
            topic.append(index, event, self.now)
        if chance.random() < 0.3:
            # The mark of a transaction, perhaps behind what it aborted.
            topic.skip(chance.randrange(len(topic.partitions)), chance.choice((1, 1, 3)))
            self.visited["transaction ended"] += 1

    def _copy(self, step: Step) -> bool | None:
        if not self._events:
            return False
        chance = random.Random(step.draw)
        for _ in range(chance.randint(1, 4)):
            back = min(len(self._events), 1 + int(chance.expovariate(0.15)))
            name, event = self._events[-back]
            topic = self.broker.topics[name]
            index = chance.randrange(8) % len(topic.partitions)
            elsewhere = self._appended.get(event.event_id) != (topic.topic_id, index)
            self.visited["copy across partitions"] += elsewhere
            topic.append(index, event, self.now)
        return None

    def _batch(self, step: Step) -> bool:
        application = APPLICATIONS[step.application]
        drivers = [each for each in self.drivers[application] if each.ready]
        if not drivers:
            self._start(replace(step, interruption=None))
            drivers = [each for each in self.drivers[application] if each.ready]
        if drivers:
            driver = drivers[0] if step.draw % 3 == 0 else drivers[-1]
            driver.batch(_LIMITS[step.draw % len(_LIMITS)], step.interruption)
        return bool(drivers)

    def _start(self, step: Step) -> bool:
        application = APPLICATIONS[step.application]
        stopped = self.stopped.get(application)
        if isinstance(stopped, Gap):
            return False
        self.start(application, step.interruption, accept=isinstance(stopped, TopicReplaced))
        return True

    def _take_over(self, step: Step) -> bool:
        application = APPLICATIONS[step.application]
        if application in self.stopped:
            return False
        if step.draw % 3 == 0:
            self.forget_checkpoints(application)
        self.start(application, step.interruption, take_over=True)
        return True

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

    def _delete_checkpoint(self, step: Step) -> bool:
        """A driver that runs has its checkpoint; one that is frozen has none to be heard of."""
        application = APPLICATIONS[step.application]
        unheard = all(each.asleep == "freezes" for each in self.drivers[application])
        if unheard:
            self.forget_checkpoints(application)
        return unheard

    def begin_anew(self, application: str) -> None:
        """Stop what runs, and delete the application's checkpoints, as a person does."""
        for driver in list(self.drivers[application]):
            if driver.asleep != "freezes":
                driver.end()
        self.forget_checkpoints(application)

    def forget_checkpoints(self, application: str) -> None:
        self.visited["checkpoint forgotten"] += 1
        self.say(f"the checkpoint of {application} is deleted")
        for key, files in self.checkpoints.items():
            if key[0] == application:
                files.clear()

    def _add_partition(self, step: Step) -> bool:
        topic = self.broker.topics[("clicks", "orders")[step.application % 2]]
        room = len(topic.partitions) < 4
        if room:
            topic.partitions.append(type(topic.partitions[0])())
        return room

    def _make_topic_again(self, step: Step) -> None:
        self.broker.make(("clicks", "orders")[step.application % 2])

    def _retain(self, step: Step) -> bool:
        """Drop what every application has applied."""
        dropped = 0
        progress = self.database.progress
        for topic in self.broker.topics.values():
            readers = [name for name, topics in TOPICS.items() if topic.name in topics]
            for index, log in enumerate(topic.partitions):
                until = min(progress.get((name, topic.topic_id, index), 0) for name in readers)
                dropped += max(0, until - log.start)
                log.start = max(log.start, until)
        return dropped > 0

    def _lose(self, step: Step) -> bool:
        """Drop what some application has not applied."""
        topic = self.broker.topics[("clicks", "orders")[step.application % 2]]
        progress = self.database.progress
        begun = {name for name, topic_id, _ in progress if topic_id == topic.topic_id}
        # Who begins later begins at the earliest offset there is, and cannot miss one.
        if len(begun) < 2:
            return False
        index = step.draw % len(topic.partitions)
        log = topic.partitions[index]
        log.start = max(log.start, log.end - step.draw % 4)
        return any(log.start > progress.get((name, topic.topic_id, index), 0) for name in begun)

    def _deploy(self, step: Step) -> bool:
        before, self.version = self.version, 2
        return before == 1

    def _compact(self, step: Step) -> None:
        for table in self.tables.values():
            table.compact()

    def _wait(self, step: Step) -> None:
        self.now += HOUR

    def lost(self, application: str) -> bool:
        """Whether Kafka has lost offsets that the application did not apply."""
        return any(
            log.start > self.database.progress.get((application, topic.topic_id, index), 0)
            for topic in self.broker.topics.values()
            if topic.name in TOPICS[application]
            for index, log in enumerate(topic.partitions)
        )


# A step that returns False had nothing to happen to.
_DO: dict[str, Callable[[World, Step], bool | None]] = {
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
