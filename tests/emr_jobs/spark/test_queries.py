"""A query that ends: what is started again, and what is raised."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, cast

import psycopg
import pytest
from pyspark.sql import SparkSession

from emr_jobs.kernel.batches import BatchRunner
from emr_jobs.kernel.errors import Conflict, Gap, JobError, TopicReplaced
from emr_jobs.spark.queries import QueryPlan, RunningQuery

AWAY = psycopg.OperationalError("the server closed the connection")


@dataclass
class Query:
    """Spark's query: it runs until `error` is set."""

    error: Exception | None = None

    @property
    def isActive(self) -> bool:  # noqa: N802 - Spark's name
        return self.error is None

    def exception(self) -> Exception | None:
        return self.error


@dataclass
class Runner:
    failure: Exception | None = None
    topics: Exception | None = None

    def require_same_topics(self) -> None:
        if self.topics is not None:
            raise self.topics


@dataclass
class Stack:
    """Starts queries, and is a writer of a stream as well. `renewals` are what making the plan
    again ends in: None is a plan."""

    renewals: Iterator[Exception | None] = field(default_factory=lambda: iter(()))
    started: list[Query] = field(default_factory=list)
    runner: Runner = field(default_factory=Runner)
    now: float = 1_000.0

    @property
    def writeStream(self) -> Stack:  # noqa: N802 - Spark's name
        return self

    @property
    def sparkContext(self) -> Stack:  # noqa: N802 - Spark's name
        return self

    def __getattr__(self, _name: str) -> Callable[..., Stack]:
        return lambda *_, **__: self

    def start(self) -> Query:
        self.started.append(Query())
        return self.started[-1]

    def plan(self) -> QueryPlan:
        runner = cast("BatchRunner[Any]", self.runner)
        return QueryPlan("orders", lambda: cast(Any, self), runner, "c", 1, nothing_unread=False)

    def renew(self) -> QueryPlan:
        problem = next(self.renewals)
        if problem is not None:
            raise problem
        self.runner = Runner()
        return self.plan()

    def run(self) -> RunningQuery:
        return RunningQuery(cast(SparkSession, self), self.plan(), self.renew, lambda: self.now)

    def fail(self, failure: Exception | None, text: str = "a batch failed") -> None:
        """The batch raises `failure`; Spark tells a text."""
        self.runner.failure = failure
        self.started[-1].error = RuntimeError(text)


def looks(query: RunningQuery, stack: Stack, times: int, seconds: float = 1.0) -> None:
    for _ in range(times):
        stack.now += seconds
        assert query.alive()


def test_a_query_goes_on_over_new_connections_when_the_part_is_back() -> None:
    stack = Stack(iter([AWAY, AWAY, None]))
    query = stack.run()
    stack.fail(AWAY)
    looks(query, stack, 3)
    assert len(stack.started) == 1
    looks(query, stack, 1)
    assert len(stack.started) == 2


def test_spark_may_meet_the_outage_before_a_batch_does() -> None:
    stack = Stack(iter([None]))
    query = stack.run()
    stack.fail(None, "org.apache.kafka.common.errors.TimeoutException: no node")
    looks(query, stack, 2)
    assert len(stack.started) == 2


@pytest.mark.parametrize(
    "seconds", [pytest.param(1.0, id="away for long"), pytest.param(60.0, id="two looks")]
)
def test_a_part_that_stays_away_is_for_the_supervisor(seconds: float) -> None:
    stack = Stack(iter([AWAY] * 1_000))
    query = stack.run()
    stack.fail(AWAY)
    with pytest.raises(psycopg.OperationalError):
        looks(query, stack, 1_000, seconds)
    assert 120 < stack.now - 1_000 <= 240


def test_a_part_that_goes_again_and_again_is_for_the_supervisor() -> None:
    stack = Stack(iter([None] * 1_000))
    query = stack.run()
    with pytest.raises(psycopg.OperationalError):
        for _ in range(1_000):
            stack.fail(AWAY)
            looks(query, stack, 2, 10.0)
    assert 2 < len(stack.started) < 10


def test_outages_far_apart_each_have_their_own_time() -> None:
    stack = Stack(iter([None] * 10))
    query = stack.run()
    for _ in range(10):
        stack.fail(AWAY)
        looks(query, stack, 2, 100.0)
        stack.now += 121
    assert len(stack.started) == 11


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(Conflict("another writer"), id="what a new process mends"),
        pytest.param(Gap("offsets are missing"), id="what a person decides"),
        pytest.param(psycopg.errors.DiskFull("full"), id="a disk that is full"),
    ],
)
def test_what_does_not_pass_is_raised(error: Exception) -> None:
    stack = Stack()
    query = stack.run()
    stack.fail(error)
    with pytest.raises(type(error)):
        query.alive()


def test_what_does_not_pass_is_raised_when_the_plan_is_made_again() -> None:
    stack = Stack(iter([TopicReplaced("made again")]))
    query = stack.run()
    stack.fail(AWAY)
    with pytest.raises(TopicReplaced):
        looks(query, stack, 2)


@pytest.mark.parametrize(
    ("topics", "text", "raised"),
    [
        pytest.param(None, "OutOfMemoryError", JobError, id="Spark's own words"),
        pytest.param(None, "... failOnDataLoss ...", Gap, id="offsets that are gone"),
        pytest.param(TopicReplaced("t"), "failOnDataLoss", TopicReplaced, id="a topic made again"),
    ],
)
def test_what_ended_a_query_outside_of_a_batch(
    topics: Exception | None, text: str, raised: type[Exception]
) -> None:
    stack = Stack(iter([None]))
    query = stack.run()
    stack.runner.topics = topics
    stack.fail(None, text)
    with pytest.raises(raised):
        query.alive()


def test_offsets_that_are_gone_are_named_by_the_plan() -> None:
    stack = Stack(iter([Gap("offsets [3, 5) are missing")]))
    query = stack.run()
    stack.fail(None, "... failOnDataLoss ...")
    with pytest.raises(Gap, match=r"\[3, 5\)"):
        query.alive()


def test_where_spark_trips_over_a_replayed_batch_the_query_is_started_again_once() -> None:
    stack = Stack()
    query = stack.run()
    stack.fail(None, "java.util.NoSuchElementException: Option.get()")
    assert query.alive()
    assert len(stack.started) == 2
    stack.fail(None, "java.util.NoSuchElementException: Option.get()")
    with pytest.raises(JobError):
        query.alive()


def test_spark_may_trip_over_the_batch_that_each_outage_replays() -> None:
    stack = Stack(iter([None] * 2))
    query = stack.run()
    for _ in range(2):
        stack.fail(AWAY)
        looks(query, stack, 2, 130.0)
        stack.fail(None, "java.util.NoSuchElementException: Option.get()")
        assert query.alive()
    assert len(stack.started) == 5
