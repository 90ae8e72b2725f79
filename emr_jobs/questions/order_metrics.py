"""What did each category earn, where, in each sliding minute?

Grain: one row per (window_start, category, location, currency); category "*" is the whole order.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from contracts.events import CANARY
from contracts.money import MINOR_SCALE
from contracts.tables.questions.order_metrics import ANSWER
from contracts.times import SECOND_US
from emr_jobs.kernel.merge import Merge, greatest, keep, least, total, union_sketch
from emr_jobs.kernel.question import Question, Settings
from emr_jobs.kernel.sketches import LG_K, REGISTERS_BYTES
from emr_jobs.transforms.decimals import scaled
from emr_jobs.transforms.orders import amount_by_category
from emr_jobs.transforms.steps import Step

# Seconds: a window starts every SLIDE, which divides WINDOW, and closes CLOSES_AFTER its end.
WINDOW, SLIDE, CLOSES_AFTER = 60, 30, 30
_NEEDED = ("kind", "customer_id", "lines", "total", "currency", "location", "region", "append_time")
_MONEY = ("revenue", "largest", "smallest", "cancelled_amount")
_MERGE = Merge(
    ANSWER.table,
    {
        "window_end": keep,
        "region": least,
        "order_count": total,
        "revenue": total,
        "largest": greatest,
        "smallest": least,
        "customers": union_sketch(estimate="unique_customers"),
        "cancelled_count": total,
        "cancelled_amount": total,
        "closed_at": keep,
        "revised": total,
    },
)


def prepare(_settings: Settings) -> Step:
    """A step from orders to the metrics of each window, category, location and currency."""
    countable = (F.col("source_producer") != CANARY) & (F.col("kind") != "adjustment")
    start = F.col("window_start") * SECOND_US
    end = start + WINDOW * SECOND_US
    derived = {
        "window_start": F.timestamp_micros(start),
        "window_end": F.timestamp_micros(end),
        "closed_at": F.timestamp_micros(end + CLOSES_AFTER * SECOND_US),
        **{name: scaled(F.col(name), MINOR_SCALE) for name in _MONEY},
        "customers": _settled(F.col("customers")),
    }
    needed = (*map(F.col, _NEEDED), _latest_window().alias("latest_window"))
    by_category = amount_by_category((*(n for n in _NEEDED if n != "lines"), "latest_window"))
    windows = F.array(*(F.col("latest_window") - back for back in range(0, WINDOW, SLIDE)))
    each_window = (F.col("*"), F.explode(windows).alias("window_start"))
    measures = _measures()
    names = (*ANSWER.table.key, *_MERGE.columns)
    answer = tuple(derived.get(name, F.col(name)).alias(name) for name in names)
    estimate = F.coalesce(F.hll_sketch_estimate("customers"), F.lit(0)).alias("unique_customers")

    def reduced(orders: DataFrame) -> DataFrame:
        one_each = by_category(orders.where(countable).select(*needed)).select(*each_window)
        rows = one_each.groupBy(*ANSWER.table.key).agg(*measures)
        return rows.select(*answer).select("*", estimate)

    return reduced


def _latest_window() -> Column:
    """Start, in seconds, of the latest window that holds the event: integers, unlike `window()`,
    whose structs and checks cost more than the rest of the step."""
    slide = F.lit(SLIDE)
    return F.call_function("div", F.unix_seconds("event_time"), slide) * slide


def _measures() -> list[Column]:
    placed, cancelled = F.col("kind") == "placed", F.col("kind") == "cancelled"
    amount = F.col("amount")
    closed_at = F.col("window_start") + WINDOW + CLOSES_AFTER
    revised = F.unix_micros("append_time") > closed_at * SECOND_US
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
    """Returns null for an empty sketch. A sketch of registers is united with itself: it holds the
    same members, and its estimate depends on them alone, not on the order in which they came."""
    registers = F.octet_length(sketch) >= REGISTERS_BYTES
    return F.when(F.hll_sketch_estimate(sketch) == 0, F.lit(None)).otherwise(
        F.when(registers, F.hll_union(sketch, sketch)).otherwise(sketch)
    )


QUESTION = Question(ANSWER, prepare, _MERGE)
