"""The end of a schedule: nothing happens any more, and what was left is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emr_jobs.kernel.errors import Gap, TopicReplaced
from tests.simulation.auditor import Violation
from tests.simulation.driver import TOPICS
from tests.simulation.records import HOUR

if TYPE_CHECKING:
    from tests.simulation.world import World


def catch_up(world: World) -> None:
    """Bring every application to the ends of its topics, where nothing is lost."""
    for drivers in world.drivers.values():
        for driver in list(drivers):
            driver.end()
    world.now += HOUR
    for application in TOPICS:
        if not isinstance(world.stopped.get(application), Gap):
            _drain(world, application)


def _drain(world: World, application: str) -> None:
    accept = False
    for _ in range(5):
        world.start(application, accept=accept)
        world.auditor.look()
        while world.drivers[application] and world.drivers[application][0].batch(20, None):
            world.auditor.look()
        stopped = world.stopped.get(application)
        if isinstance(stopped, Gap) and world.lost(application):
            return
        if world.drivers[application]:
            try:
                _require_end(world, application)
                return
            except Violation:
                # A commit log of two drivers may call a batch done that was not applied.
                if not world.visited["checkpoint forgotten"]:
                    raise
                world.begin_anew(application)
        accept = isinstance(stopped, TopicReplaced)
        if world.visited["checkpoint forgotten"]:
            # What ran when the checkpoint was deleted has left a part of one.
            world.forget_checkpoints(application)
    raise Violation(f"{application} does not come to the end: {world.stopped}")


def _require_end(world: World, application: str) -> None:
    for name in TOPICS[application]:
        topic = world.broker.topics[name]
        for index, log in enumerate(topic.partitions):
            until = world.database.progress.get((application, topic.topic_id, index), 0)
            if until != log.end:
                raise Violation(f"{application}: {name}/{index} is at {until} of {log.end}")
