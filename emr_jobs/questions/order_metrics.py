"""What did each category earn, where, in each sliding minute?

Grain: one row per (window_start, category, location, currency); category "*" is the whole order.
"""

from __future__ import annotations

from dataclasses import dataclass

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from contracts.events import CANARY
from contracts.money import MINOR_SCALE
from contracts.tables.questions.order_metrics import ANSWER
from emr_jobs.questions.merge import Merge, greatest, keep, least, replace, total, union_sketch
from emr_jobs.questions.sketches import LG_K, REGISTERS_BYTES
from emr_jobs.transforms.decimals import scaled
from emr_jobs.transforms.orders import amount_by_category
from emr_jobs.transforms.steps import Step

MERGE = Merge(
    into=ANSWER.table,
    columns={
        "window_end": keep,
        "region": least,
        "order_count": total,
        "revenue": total,
        "largest": greatest,
        "smallest": least,
        "customers": union_sketch,
        "unique_customers": replace,
        "cancelled_count": total,
        "cancelled_amount": total,
        "closed_at": keep,
        "revised": total,
        "changed_in": replace,
    },
)
# Filled by the store: the first after the union with the stored sketch.
_BY_THE_STORE = ("unique_customers", "changed_in")
_SECOND = 1_000_000


@dataclass(frozen=True)
class Settings:
    """Seconds: a window of `window` starts every `slide` and closes `closes_after` its end."""

    window: int = 60
    slide: int = 30
    closes_after: int = 30

    def __post_init__(self) -> None:
        if self.slide <= 0 or self.window % self.slide:
            raise ValueError(f"a window of {self.window} s is no multiple of {self.slide} s")


def partials(settings: Settings) -> Step:
    """A step from orders to one row a key: the columns of order_metrics but unique_customers and
    changed_in."""
    countable = (F.col("source_producer") != CANARY) & (F.col("kind") != "adjustment")
    start = F.col("window_start") * _SECOND
    end = start + settings.window * _SECOND
    derived = {
        "window_start": F.timestamp_micros(start),
        "window_end": F.timestamp_micros(end),
        "closed_at": F.timestamp_micros(end + settings.closes_after * _SECOND),
        **{name: scaled(F.col(name), MINOR_SCALE) for name in _MONEY},
        "customers": _settled(F.col("customers")),
    }
    names = [column.name for column in MERGE.given if column.name not in _BY_THE_STORE]
    needed = (*map(F.col, _NEEDED), _first_window(settings).alias("first_window"))
    by_category = amount_by_category((*(n for n in _NEEDED if n != "lines"), "first_window"))
    each_window = (F.col("*"), F.explode(_windows(settings)).alias("window_start"))
    key = tuple(map(F.col, _KEY))
    measures = _measures(settings)
    answer = tuple(derived.get(name, F.col(name)).alias(name) for name in names)

    def reduced(orders: DataFrame) -> DataFrame:
        one_each = by_category(orders.where(countable).select(*needed)).select(*each_window)
        return one_each.groupBy(*key).agg(*measures).select(*answer)

    return reduced


_NEEDED = ("kind", "customer_id", "lines", "total", "currency", "location", "region", "append_time")
_KEY = ("window_start", "category", "location", "currency")
_MONEY = ("revenue", "largest", "smallest", "cancelled_amount")


def _first_window(settings: Settings) -> Column:
    """Start, in seconds, of the latest window that holds the event: integers, unlike `window()`,
    whose structs and checks cost more than the rest of the step."""
    slide = F.lit(settings.slide)
    return F.call_function("div", F.unix_seconds("event_time"), slide) * slide


def _windows(settings: Settings) -> Column:
    latest = F.col("first_window")
    return F.array(*(latest - back for back in range(0, settings.window, settings.slide)))


def _measures(settings: Settings) -> list[Column]:
    placed, cancelled = F.col("kind") == "placed", F.col("kind") == "cancelled"
    amount = F.col("amount")
    closed_at = F.col("window_start") + settings.window + settings.closes_after
    revised = F.unix_micros("append_time") > closed_at * _SECOND
    return [
        F.min("region").alias("region"),
        F.count(F.when(placed, 1)).alias("order_count"),
        F.sum(F.when(placed, amount).otherwise(0)).alias("revenue"),
        F.max(F.when(placed, amount)).alias("largest"),
        F.min(F.when(placed, amount)).alias("smallest"),
        F.hll_sketch_agg(F.when(placed, F.col("customer_id")), LG_K).alias("customers"),
        F.count(F.when(cancelled, 1)).alias("cancelled_count"),
        F.sum(F.when(cancelled, -amount).otherwise(0)).alias("cancelled_amount"),
        F.count(F.when(revised, 1)).alias("revised"),
    ]


def _settled(sketch: Column) -> Column:
    """Null for no members. Of a sketch of registers the union with itself: the same members, and an
    estimate that depends on them alone, not on the order in which they came."""
    registers = F.octet_length(sketch) >= REGISTERS_BYTES
    return F.when(F.hll_sketch_estimate(sketch) == 0, F.lit(None)).otherwise(
        F.when(registers, F.hll_union(sketch, sketch)).otherwise(sketch)
    )
