"""One process of a simulation: its clients, its share of the rate, its end."""

from __future__ import annotations

import gc
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from contracts.errors import Usage
from contracts.ledger import Run
from contracts.schemas import bundled_schemas
from contracts.topics import SOURCES
from producer.clock import Clock, Pace
from producer.outlets import Outlet
from producer.outlets.kafka import FLUSH_SECONDS
from producer.room import Gate
from producer.simulate.arguments import ShopClock, SimulateArguments
from producer.simulate.encoding.values import EventValues
from producer.simulate.labels import Labels
from producer.simulate.report import SimulationProgress
from producer.simulate.sender import Sender
from producer.simulate.shop.people import People
from producer.simulate.shop.timeline import EventBatch, Shop, Timeline
from producer.simulate.simulation import Simulation
from producer.subjects import Vault
from producer.wiring import (
    open_ledger,
    open_outlet,
    open_room,
    open_schemas,
    open_vault,
    written_version,
)

PRODUCER = "simulate"
LABELS_FILE = "labels.csv"


@dataclass(frozen=True)
class WorkerResult:
    """How a worker ended."""

    run: str
    finished: bool
    progress: SimulationProgress
    labels: str | None


@dataclass(frozen=True)
class Worker:
    """One of the processes that share the rate, the people and the count of a simulation."""

    arguments: SimulateArguments
    shop_time: ShopClock
    name: str
    number: int

    @property
    def run(self) -> str:
        alone = self.arguments.workers == 1
        return self.name if alone else f"{self.name}-{self.number}"

    def work(
        self,
        clock: Clock,
        report: Callable[[SimulationProgress], None],
        on_start: Callable[[Simulation], None],
    ) -> WorkerResult:
        """Send this worker's share of the events."""
        arguments = self.arguments
        with ExitStack() as held:
            outlet = open_outlet(arguments.endpoints, *SOURCES, clock=clock)
            held.callback(outlet.close)
            vault = open_vault(arguments.endpoints)
            held.callback(vault.close)
            timeline = Timeline(self._shop())
            destination = outlet.destination()
            room = open_room(arguments.endpoints, destination)
            held.callback(room.close)
            run = Run(
                self.run, PRODUCER, clock.now_us(), destination.cluster_id, destination.topic_ids
            )
            simulation = Simulation(
                run=run,
                sender=self._sender(outlet, vault, timeline, run=run, clock=clock),
                pace=Pace(self.shop_time.speed),
                clock=clock,
                gate=Gate(room, clock),
                end=self.shop_time.end,
                count=self._count(),
                report=report,
            )
            on_start(simulation)
            ended = self._send(simulation, timeline)
            simulation.finish(FLUSH_SECONDS)
            progress = simulation.sender.counted()
            finished = ended and progress.unknown == 0 and progress.failed == 0
            simulation.close(finished=finished)
        labels = simulation.sender.labels.path
        return WorkerResult(self.run, finished, progress, str(labels) if labels else None)

    def refuse_known_run(self) -> None:
        """Raise Usage if the ledger already holds this run."""
        ledger = self.arguments.endpoints.ledger
        if ledger is not None and (ledger / self.run).exists():
            raise Usage(
                f"the ledger already holds a run {self.run}",
                cause="--run names a run that was sent before",
                command="another --run, or none",
            )

    def _sender(
        self, outlet: Outlet, vault: Vault, timeline: Timeline, *, run: Run, clock: Clock
    ) -> Sender:
        prefix = f"simulated-{self.arguments.seed}-{self.number}"
        people = People(vault, prefix, timeline.shoppers.guest)
        registry = open_schemas(self.arguments.endpoints)
        for topic in SOURCES:
            written_version(registry, topic.schema, bundled_schemas()[topic.schema][-1])
        return Sender(
            outlet=outlet,
            ledger=open_ledger(self.arguments.endpoints, run),
            labels=Labels(self._labels()),
            people=people,
            values=EventValues(
                registry,
                run=self.run,
                producer=PRODUCER,
                catalogue=timeline.catalogue,
                people=people,
            ),
            registry=registry,
            sent_at=self._sent_at(clock),
        )

    def _send(self, simulation: Simulation, timeline: Timeline) -> bool:
        # Nothing here makes reference cycles, and looking for them costs up to half of the speed.
        gc.collect()
        gc.freeze()
        gc.disable()
        try:
            return simulation.send(timeline.batches(), self.shop_time.start)
        finally:
            gc.enable()
            gc.unfreeze()

    def _shop(self) -> Shop:
        workers = self.arguments.workers
        return Shop(
            seed=self.arguments.seed,
            worker=self.number,
            start=self.shop_time.start,
            span=self.shop_time.span,
            events_per_second=self.shop_time.events_per_second / workers,
            shoppers=self.arguments.shoppers // workers,
            shares=self.arguments.shares,
        )

    def _count(self) -> int | None:
        """This worker's part of the count; the first workers take what is left over."""
        if self.arguments.count is None:
            return None
        each, left = divmod(self.arguments.count, self.arguments.workers)
        return each + (self.number < left)

    def _sent_at(self, clock: Clock) -> Callable[[EventBatch], int]:
        """When a batch is sent: now, or its end by the shop's clock if that was set by hand."""
        if self.arguments.start is None:
            return lambda _: clock.now_us()
        return lambda batch: int(batch.due[-1])

    def _labels(self) -> Path | None:
        ledger, labels = self.arguments.endpoints.ledger, self.arguments.labels
        if labels is not None:
            alone = self.arguments.workers == 1
            return labels if alone else labels.with_stem(f"{labels.stem}-{self.number}")
        return None if ledger is None else ledger / self.run / LABELS_FILE
