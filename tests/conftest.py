"""Fixtures that every folder may use, each starting nothing until it is asked for; and who of
several processes gets which tests."""

import pytest
from xdist.scheduler import LoadFileScheduling

from tests.postgres import module_postgres, postgres, postgres_server
from tests.spark.session import spark

__all__ = ["module_postgres", "postgres", "postgres_server", "spark"]

# Where tests need a Spark session, which takes 30 s of processor time: one process has them all.
_IN_SPARK = ("tests/spark/", "tests/conformance/test_decode.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whole stacks first: their files take minutes, and none is then left alone at the end. Then
    all that one process does in Spark."""
    items.sort(key=lambda item: ("e2e" not in item.keywords, "spark" not in item.keywords))


class _Files(LoadFileScheduling):
    """A file goes to one process as a whole, and so do those that share the session."""

    def _split_scope(self, nodeid: str) -> str:
        return "spark" if nodeid.startswith(_IN_SPARK) else super()._split_scope(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> LoadFileScheduling:
    return _Files(config, log)  # type: ignore[arg-type] - xdist does not say what its log is
