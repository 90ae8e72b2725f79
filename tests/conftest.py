"""Fixtures that every folder may use; each starts nothing until it is asked for."""

from tests.postgres import postgres, postgres_server
from tests.spark.session import spark

__all__ = ["postgres", "postgres_server", "spark"]
