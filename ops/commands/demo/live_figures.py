"""What a running stack has answered so far, read from Postgres, Valkey and Kafka as it works."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from kafka import KafkaConsumer, TopicPartition

from ops.commands.demo.live_shoppers import LiveShoppers, ShopperFigures
from ops.stack import Stack
from readers.postgres import connect

TOP = 5
# Windows slide by half their length, so the windows that start on a full minute hold each order
# once.
_ONCE = "extract(second FROM window_start) = 0"

_APPLIED = """
SELECT kind, currency, count(*), sum(total) FROM orders WHERE NOT canary
GROUP BY 1, 2 ORDER BY 4 DESC, 2"""
_CATEGORIES = f"""
SELECT category, currency, sum(order_count)::bigint, sum(revenue) FROM order_metrics
WHERE category <> '*' AND {_ONCE} GROUP BY 1, 2 ORDER BY 4 DESC, 1, 2 LIMIT {TOP}"""
_LOCATIONS = f"""
SELECT location, currency, sum(order_count)::bigint, sum(revenue) FROM order_metrics
WHERE category = '*' AND {_ONCE} GROUP BY 1, 2 ORDER BY 4 DESC, 1, 2 LIMIT {TOP}"""
_ALERTS = "SELECT rule, count(*) FROM alerts GROUP BY 1 ORDER BY 2 DESC, 1"
_LAKE = """
SELECT coalesce(sum(silver), 0)::bigint, coalesce(sum(duplicate), 0)::bigint,
       coalesce(sum(quarantine), 0)::bigint FROM quality"""
_PROGRESS = "SELECT application, topic, partition, until FROM progress"
# The simulated orders are not part of the file's history. The oldest of them are sent 3 hours late.
_REPLAYED = f"{_ONCE} AND window_start < now() - interval '4 hours'"
_SPAN = f"SELECT min(window_start), max(window_end) FROM order_metrics WHERE {_REPLAYED}"
_REVENUE = f"""
SELECT date_trunc(%s, window_start, 'UTC'), currency, sum(revenue) FROM order_metrics
WHERE category = '*' AND {_REPLAYED} GROUP BY 1, 2 HAVING sum(revenue) <> 0 ORDER BY 2, 1"""


@dataclass(frozen=True)
class Ranked:
    """A category or a location, with its orders and its revenue."""

    name: str
    currency: str
    orders: int
    revenue: Decimal


@dataclass(frozen=True)
class Figures:
    """The answers at one moment. `lag` counts the records that are not applied yet, by
    application."""

    orders: Mapping[str, int]
    revenue: Mapping[str, Decimal]
    categories: Sequence[Ranked]
    locations: Sequence[Ranked]
    alerts: Mapping[str, int]
    shoppers: ShopperFigures
    silver: int
    duplicate: int
    quarantine: int
    lag: Mapping[str, int]

    @property
    def caught_up(self) -> bool:
        """Whether every application has applied all that Kafka holds."""
        return bool(self.lag) and not any(self.lag.values())


@dataclass(frozen=True)
class Revenue:
    """The revenue of one hour, day, week or month in one currency."""

    start: datetime
    currency: str
    amount: Decimal


class LiveFigures:
    """Reads the answers of a stack repeatedly, over the same connections."""

    def __init__(self, stack: Stack) -> None:
        self._postgres = connect(stack.postgres_url, "demo")
        self._shoppers = LiveShoppers(self._postgres, stack.valkey_url)
        self._kafka = KafkaConsumer(bootstrap_servers=stack.bootstrap_servers.split(","))

    def close(self) -> None:
        self._shoppers.close()
        self._postgres.close()
        self._kafka.close()

    def now(self) -> Figures:
        """The answers that are committed at this moment."""
        applied = self._rows(_APPLIED)
        silver, duplicate, quarantine = self._rows(_LAKE)[0]
        return Figures(
            orders={
                kind: sum(row[2] for row in applied if row[0] == kind)
                for kind in sorted({row[0] for row in applied})
            },
            revenue={row[1]: row[3] for row in applied if row[0] == "placed"},
            categories=[Ranked(*row) for row in self._rows(_CATEGORIES)],
            locations=[Ranked(*row) for row in self._rows(_LOCATIONS)],
            alerts={rule: count for rule, count in self._rows(_ALERTS)},
            shoppers=self._shoppers.now(),
            silver=silver,
            duplicate=duplicate,
            quarantine=quarantine,
            lag=self._lag(),
        )

    def revenue(self) -> tuple[str, list[Revenue]]:
        """The unit of time of a row, and the revenue of the replayed orders in rows that fit a
        screen."""
        first, last = self._rows(_SPAN)[0]
        if first is None:
            return "day", []
        unit = unit_for(last - first)
        return unit, [Revenue(*row) for row in self._rows(_REVENUE, unit)]

    def _lag(self) -> dict[str, int]:
        progress = self._rows(_PROGRESS)
        ends = self._kafka.end_offsets(
            sorted({TopicPartition(topic, partition) for _, topic, partition, _ in progress})
        )
        lag = dict.fromkeys(sorted({row[0] for row in progress}), 0)
        for application, topic, partition, until in progress:
            lag[application] += max(0, ends[TopicPartition(topic, partition)] - until)
        return lag

    def _rows(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        return self._postgres.execute(statement.encode(), values or None).fetchall()


def unit_for(span: timedelta) -> str:
    """The unit of time that divides `span` into rows that fit a screen."""
    if span <= timedelta(days=1):
        return "hour"
    if span <= timedelta(days=31):
        return "day"
    return "week" if span <= timedelta(weeks=31) else "month"
