"""Where the tests of this folder get their Spark session."""

from tests.spark.session import spark

__all__ = ["spark"]
