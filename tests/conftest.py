"""Fixtures that every folder may use; each starts nothing until it is asked for."""

import pytest

from tests.postgres import module_postgres, postgres, postgres_server
from tests.spark.session import spark

__all__ = ["module_postgres", "postgres", "postgres_server", "spark"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whole stacks first: their files take minutes, and none is then left alone at the end."""
    items.sort(key=lambda item: "e2e" not in item.keywords)
