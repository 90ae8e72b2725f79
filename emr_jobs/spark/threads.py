"""Work of a query in several threads of the driver."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TypeVar, cast

from pyspark import inheritable_thread_target
from pyspark.sql import SparkSession

T = TypeVar("T")


def in_thread(session: SparkSession, do: Callable[..., T]) -> Callable[..., T]:
    """`do`, to be called in another thread. Its Spark jobs belong to the query of this thread: they
    run in that query's scheduler pool and end with it."""
    return cast("Callable[..., T]", inheritable_thread_target(session)(do))


class SideBySide:
    """Does things of a query at the same time, at most `most` of them. Between the jobs of one a
    core is idle."""

    def __init__(self, session: SparkSession, most: int, name: str) -> None:
        self._session = session
        self._pool = ThreadPoolExecutor(most, thread_name_prefix=name)

    def __call__(self, things: Sequence[Callable[[], None]]) -> None:
        """Return when all have ended; the first error is raised then."""
        begun = [self._pool.submit(in_thread(self._session, each)) for each in things]
        wait(begun)
        for each in begun:
            each.result()
