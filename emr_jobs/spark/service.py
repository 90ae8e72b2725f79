"""Watch the queries of one process until they are told to stop, are superseded, or fail."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from py4j.protocol import Py4JError
from pyspark.errors import PySparkException

from contracts.applications import EXIT_STOPPED
from emr_jobs.kernel.errors import Stopped, Superseded
from emr_jobs.spark.outages import is_outage
from emr_jobs.spark.queries import RunningQuery

logger = logging.getLogger(__name__)

_STOP_SECONDS = 45.0
_LOOK_SECONDS = 0.2


class DriverLease(Protocol):
    """An application's row in Postgres, as its driver writes it."""

    def report(self, state: str, detail: str = "") -> None: ...

    def superseded(self) -> bool: ...

    def close(self) -> None: ...


class Rehearsal:
    """What makes an application's first batch quick, in a thread of its own. It may fail: whatever
    it cannot do, the first batch cannot either, and that ends the application and says why."""

    def __init__(self, name: str, rehearse: Callable[[], None]) -> None:
        self._name = name
        self._rehearse = rehearse
        self._thread = threading.Thread(target=self._run, name=f"rehearsal-{name}", daemon=True)
        self._thread.start()

    def over(self) -> bool:
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            self._rehearse()
        except (Py4JError, PySparkException) as error:
            logger.warning("%s: the first batch will be slower: %s", self._name, error)


@dataclass
class Running:
    """One application of the process."""

    query: RunningQuery
    lease: DriverLease
    rehearsal: Rehearsal | None = None
    announced: bool = False

    def announce(self) -> None:
        """Report once that the application runs: from its rehearsal on, if it has one."""
        if not self.announced and (self.rehearsal is None or self.rehearsal.over()):
            self.announced = True
            self.lease.report("running")


@dataclass
class ProcessEnd:
    """Why the applications ended; `code` is the process's exit code."""

    stopped: list[str] = field(default_factory=list)

    @property
    def code(self) -> int:
        return EXIT_STOPPED if self.stopped else 0


class Periodic:
    """Does what `make` made every `seconds`, in a thread of its own. Where a part of the stack does
    not answer, it is made anew and done again; `failure` keeps any other error, which ends it."""

    def __init__(
        self,
        name: str,
        seconds: float,
        clock: Callable[[], datetime],
        make: Callable[[], Callable[[datetime], object]],
    ) -> None:
        self._name = name
        self._seconds = seconds
        self._clock = clock
        self._make = make
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self.failure: Exception | None = None

    def start(self) -> None:
        self._thread.start()

    def stop(self, deadline_seconds: float) -> None:
        self._stop.set()
        self._thread.join(deadline_seconds)

    def _run(self) -> None:
        do: Callable[[datetime], object] | None = None
        while not self._stop.is_set():
            try:
                do = do or self._make()
                do(self._clock())
            except Exception as error:  # noqa: BLE001 - raised again by the thread that watches
                if not is_outage(error):
                    self.failure = error
                    return
                logger.warning("%s: a part of the stack does not answer: %s", self._name, error)
                do = None
            self._stop.wait(self._seconds)


def watch(running: list[Running], periodic: list[Periodic], stop: threading.Event) -> ProcessEnd:
    """Return when nothing runs any more. When one application has stopped for a person to decide,
    all others of the process are stopped too, so that its end is seen. An error that neither stops
    nor supersedes an application is raised, and the rows of all that ran say `failed`."""
    outcome = ProcessEnd()
    try:
        while running and not stop.is_set() and not outcome.stopped:
            for each in list(running):
                each.announce()
                if not _goes_on(each, outcome):
                    running.remove(each)
            for task in periodic:
                if task.failure is not None:
                    raise task.failure
            time.sleep(_LOOK_SECONDS)
    except Exception as error:
        for each in running:
            each.lease.report("failed", str(error)[:2000])
        raise
    finally:
        for task in periodic:
            task.stop(_STOP_SECONDS)
    for each in running:
        clean = each.query.stop(_STOP_SECONDS)
        logger.info("%s stopped %s", each.query.name, "between batches" if clean else "in a batch")
        each.lease.report("stopped", "; ".join(outcome.stopped) or "asked to stop")
        each.lease.close()
    return outcome


def _goes_on(each: Running, outcome: ProcessEnd) -> bool:
    try:
        if not each.lease.superseded():
            return each.query.alive()
        each.query.stop(_STOP_SECONDS)
        logger.warning("superseded: %s goes on in another driver", each.query.name)
    except Superseded as end:
        logger.warning("superseded: %s", end)
    except Stopped as end:
        logger.error("stopped: %s: %s", each.query.name, end)
        outcome.stopped.append(f"{each.query.name}: {end}")
        each.lease.report("stopped", str(end))
    except Exception as error:
        # Two drivers on one checkpoint trip over each other's files. The older one just leaves.
        if not each.lease.superseded():
            raise
        logger.warning("superseded: %s ended in its batch: %s", each.query.name, error)
    each.lease.close()
    return False
