"""Fixtures for every folder, which start nothing until a test asks for them, and how the tests are
shared among processes."""

import signal
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadFileScheduling

from tests.postgres import module_postgres, postgres, postgres_server
from tests.spark.session import spark

__all__ = ["module_postgres", "postgres", "postgres_server", "spark"]

# A busy machine takes three times as long, and that is no fault of what is tested.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

# These tests need a Spark session, which takes 30 s of processor time: one process runs them all.
_IN_SPARK = ("tests/spark/", "tests/conformance/test_decode.py")


@pytest.fixture(autouse=True)
def signals_as_before() -> Iterator[None]:
    """A test leaves the handlers of signals as it found them; a command that runs in the test's
    process does so too. Else the next process that is forked here cannot be ended."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.getsignal(number) for number in numbers]
    yield
    assert [signal.getsignal(number) for number in numbers] == before


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whole stacks come first: their files take minutes, and so none of them runs alone at the end.
    The tests that one process runs in Spark come next."""
    items.sort(key=lambda item: ("e2e" not in item.keywords, "spark" not in item.keywords))


class _Files(LoadFileScheduling):
    """A file goes to one process as a whole, and so do the files that share the session."""

    def _split_scope(self, nodeid: str) -> str:
        return "spark" if nodeid.startswith(_IN_SPARK) else super()._split_scope(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> LoadFileScheduling:
    return _Files(config, log)  # type: ignore[arg-type] - xdist does not declare the type of its log
