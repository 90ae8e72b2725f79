"""The rule pack, measured on simulated orders with labels that say which are fraud."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from contracts.errors import ShopstreamError
from ops.commands.fraud.coverage import cover, open_database
from ops.commands.fraud.measures import Measure
from ops.producer import program
from ops.settings import process_environment

QUANTILES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}


@dataclass(frozen=True)
class RuleFinding:
    """One rule by itself: the number of its alerts, and the measure of the orders they cover."""

    measure: Measure
    alerts: int


@dataclass(frozen=True)
class ScenarioFinding:
    """How many orders one kind of fraud has, and how many of them were called fraud."""

    orders: int
    found: int


@dataclass(frozen=True)
class Latency:
    """Seconds of event time from an incident's first order to the order that completed the first
    alert which covers the incident, by quantile. `never` counts the incidents without an alert."""

    seconds: dict[str, float | None]
    incidents: int
    never: int


@dataclass(frozen=True)
class SimulatedFinding:
    """What a rule pack finds in simulated placed orders."""

    orders: int
    overall: Measure
    rules: dict[str, RuleFinding]
    scenarios: dict[str, ScenarioFinding]
    latency: Latency

    def document(self) -> dict[str, Any]:
        """The finding as JSON fields."""
        return {
            "orders": self.orders,
            "fraud_orders": self.overall.fraud,
            "called_fraud": self.overall.called,
            "overall": self.overall.document(),
            "rules": {
                name: {
                    "precision": one.measure.precision,
                    "recall": one.measure.recall,
                    "alerts": one.alerts,
                    "orders": one.measure.called,
                }
                for name, one in self.rules.items()
            },
            "scenarios": {
                name: {
                    "orders": one.orders,
                    "found": one.found,
                    "share": round(one.found / one.orders, 4),
                }
                for name, one in self.scenarios.items()
            },
            "latency_seconds": {
                **self.latency.seconds,
                "incidents": self.latency.incidents,
                "never": self.latency.never,
            },
        }


def draw(seed: int, orders: int, file: Path) -> None:
    """Have the producer write this many labelled orders to `file`. Its progress goes to standard
    error."""
    options = (f"--seed={seed}", f"--orders={orders}", f"--out={file}")
    done = subprocess.run(
        [*program("sample"), *options],
        stdin=subprocess.DEVNULL,
        env=process_environment(),
        check=False,
    )
    if done.returncode:
        raise ShopstreamError(
            "the orders could not be made",
            cause="the producer has said it above",
            command="shopstream fraud report --help",
        )


def evaluate(file: Path, rules: Sequence[Mapping[str, Any]], folder: Path) -> SimulatedFinding:
    """What the rules find in the orders of a sample. The work is done in a private folder."""
    with open_database(folder) as connection:
        # The rules consider placed orders only: a cancellation cannot be called fraud.
        connection.execute(
            "CREATE TABLE sampled AS SELECT * FROM read_parquet(?) WHERE kind = 'placed'",
            [str(file)],
        )
        alerts = cover(connection, "sampled", rules)
        ((orders,),) = connection.execute("SELECT count(*) FROM sampled").fetchall()
        return SimulatedFinding(
            orders=int(orders),
            overall=_measure(connection, "SELECT event_id FROM called"),
            rules={
                name: RuleFinding(
                    _measure(connection, "SELECT event_id FROM covered WHERE rule = ?", name), count
                )
                for name, count in alerts.items()
            },
            scenarios=_scenarios(connection),
            latency=_latency(connection),
        )


def _measure(connection: duckdb.DuckDBPyConnection, called: str, *values: object) -> Measure:
    ((found, fraud, both),) = connection.execute(
        f"""
        WITH found AS ({called})
        SELECT count(f.event_id), count(s.incident),
               count(s.incident) FILTER (f.event_id IS NOT NULL)
        FROM sampled s LEFT JOIN found f USING (event_id)
        """,
        list(values),
    ).fetchall()
    return Measure(int(found), int(fraud), int(both))


def _scenarios(connection: duckdb.DuckDBPyConnection) -> dict[str, ScenarioFinding]:
    rows = connection.execute(
        """
        SELECT scenario, count(*), count(c.event_id)
        FROM sampled s LEFT JOIN called c USING (event_id)
        WHERE incident IS NOT NULL GROUP BY scenario ORDER BY scenario
        """
    ).fetchall()
    return {name: ScenarioFinding(orders, found) for name, orders, found in rows}


def _latency(connection: duckdb.DuckDBPyConnection) -> Latency:
    # An alert may be older than the incident that it covers; the latency is then 0.
    found, never, *quantiles = connection.execute(
        """
        WITH incidents AS (
          SELECT incident, min(event_us) AS first_us FROM sampled
          WHERE incident IS NOT NULL GROUP BY incident
        ), told AS (
          SELECT incident, min(alert_us) AS alert_us
          FROM sampled JOIN covered USING (event_id) WHERE incident IS NOT NULL GROUP BY incident
        ), waited AS (
          SELECT if(alert_us IS NULL, NULL, greatest(0, alert_us - first_us)) / 1e6 AS seconds
          FROM incidents LEFT JOIN told USING (incident)
        )
        SELECT count(seconds), count(*) - count(seconds), """
        + ", ".join(f"quantile_disc(seconds, {at})" for at in QUANTILES.values())
        + " FROM waited"
    ).fetchall()[0]
    return Latency(dict(zip(QUANTILES, quantiles, strict=True)), found, never)
