"""Columns that are worth computing once a row."""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F


def once(column: Column) -> Column:
    """The same value, computed where it stands and nowhere else.

    Spark moves filters below projections and merges projections by writing a column's expression
    again wherever it is used: a decoded event would be decoded for the filter and again for its
    fields (1.6 times the time). It leaves alone what is not deterministic, as the partition's
    number is declared to be.
    """
    return F.when(F.spark_partition_id() >= 0, column)
