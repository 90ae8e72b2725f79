"""Publish a day of sessions to the lake, change some of them, and publish again: the program that
``python -m bench.gold`` times. It prints a JSON object per day.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pyspark.sql import SparkSession

from contracts.applications import CLICK_ANSWERS
from contracts.tables.lake import CATALOG
from emr_jobs.kernel.metrics import Metrics
from emr_jobs.publish.gold import GoldPublisher
from emr_jobs.spark.session import start_session
from emr_jobs.spark.turns import Turns
from emr_jobs.stores.endpoints import postgres_of
from emr_jobs.stores.postgres import Pg
from local.home import Home
from local.profile import read_profile
from local.spark import endpoints

_DAY = datetime(2026, 3, 2, tzinfo=UTC)
_AFTER = _DAY + timedelta(days=2)
_CHANGED = 500
_WARM = 3
_TIMED = 7
# Sessions spread evenly over the day and over four regions; the last hour's come last.
_FILL = """
INSERT INTO sessions (user_id, currency, started_at, ended_at, region, events, views, carts,
                      purchases, removals, revenue, products, closed_at, absorbed, changed_in)
SELECT 'u' || n, 'EUR', at, at, (ARRAY['Africa', 'Americas', 'Asia', 'Europe'])[1 + n %% 4], 1, 1,
       0, 0, 0, 0, ARRAY['p' || n %% 1000], at + interval '30 minutes', false, 1
FROM (SELECT n, %(day)s::timestamptz + n * interval '24 hours' / %(rows)s::float8 AS at
      FROM generate_series(0, %(rows)s::int - 1) AS n) AS spread
"""
_CHANGE = """
UPDATE sessions SET events = events + 1, changed_in = %(batch)s
WHERE user_id IN (
    SELECT 'u' || n FROM generate_series(%(rows)s::int - %(changed)s::int, %(rows)s::int - 1) AS n
)
"""


def main() -> int:
    home = Home(Path(sys.argv[1]))
    profile = read_profile(home)
    assert profile is not None
    where = endpoints(home, profile)
    spark = start_session(where)
    postgres = postgres_of(where)
    metrics = Metrics("ingest", lambda _line: None, lambda: _AFTER)
    with postgres.connect() as connection:
        publisher = GoldPublisher(spark, connection, postgres.jdbc, metrics, Turns(1))
        for rows in map(int, sys.argv[2:]):
            figures = {"rows": rows, **_measured(spark, publisher, connection, rows)}
            sys.stdout.write(json.dumps(figures) + "\n")
    spark.stop()
    return 0


def _measured(
    spark: SparkSession, publisher: GoldPublisher, connection: Pg, rows: int
) -> dict[str, object]:
    connection.execute("TRUNCATE sessions, journal, published")
    spark.sql(f"DELETE FROM {CATALOG}.gold.sessions")
    connection.execute(_FILL, {"day": _DAY, "rows": rows})
    connection.execute("VACUUM ANALYZE sessions")
    first = _published(publisher, connection, 1)
    seconds = []
    for batch in range(2, 2 + _WARM + _TIMED):
        connection.execute(_CHANGE, {"batch": batch, "rows": rows, "changed": _CHANGED})
        seconds.append(_published(publisher, connection, batch))
    files = spark.table(f"{CATALOG}.gold.sessions.files").count()
    return {
        "whole_day_seconds": round(first, 3),
        "changed_rows": _CHANGED,
        "seconds": round(statistics.median(seconds[_WARM:]), 3),
        "files": files,
    }


def _published(publisher: GoldPublisher, connection: Pg, batch: int) -> float:
    connection.execute(
        "INSERT INTO journal (application, sequence, epoch, batch_id, ranges, counts, started_at) "
        "VALUES (%s, %s, 1, %s, '[]', '{}', now())",
        (CLICK_ANSWERS.name, batch, batch),
    )
    begun = time.perf_counter()
    publisher.publish(_AFTER)
    return time.perf_counter() - begun


if __name__ == "__main__":
    sys.exit(main())
