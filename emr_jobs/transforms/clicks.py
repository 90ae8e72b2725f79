"""What the questions about clicks count, and whose clicks are counted."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from contracts.events import CANARY
from contracts.money import MINOR_SCALE
from emr_jobs.transforms.decimals import scaled


def counted(clicks: DataFrame) -> DataFrame:
    """The clicks of people."""
    return clicks.where(F.col("source_producer") != CANARY)


def interested(clicks: DataFrame) -> DataFrame:
    """The clicks of people that say that a product is wanted."""
    return counted(clicks).where(F.col("event_type") != "remove_from_cart")


def counts() -> list[Column]:
    """views, carts, purchases."""
    kinds = {"views": "view", "carts": "cart", "purchases": "purchase"}
    return [count_of(kind).alias(name) for name, kind in kinds.items()]


def count_of(kind: str) -> Column:
    """How many clicks of an event type."""
    return F.count(F.when(F.col("event_type") == kind, 1))


def revenue() -> Column:
    """Of the purchases, as an exact decimal."""
    bought = F.when(F.col("event_type") == "purchase", F.col("price")).otherwise(F.lit(0))
    return scaled(F.sum(bought), MINOR_SCALE)
