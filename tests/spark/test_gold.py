"""Gold holds what Postgres holds of an answer, and a change writes the files that it concerns."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import psycopg
import pytest

from contracts.tables.lake import CATALOG
from emr_jobs.publish import gold, published_rows
from emr_jobs.publish.gold import GoldPublisher
from emr_jobs.spark.turns import Turns
from emr_jobs.stores.postgres import PostgresEndpoint
from emr_jobs.transforms.spans import Span
from tests.postgres import module_postgres, postgres_server
from tests.spark.iceberg import METRICS, Iceberg, iceberg
from tests.spark.session import SPARK

pytestmark = SPARK

__all__ = ["iceberg", "module_postgres", "postgres_server"]

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
# After every session has closed.
LATER = MONDAY + timedelta(days=100)
GOLD = f"{CATALOG}.gold.sessions"
ROWS_PER_FILE = 4


@dataclass
class Shop:
    """Sessions in Postgres, each change of them a batch of its own, and their gold table."""

    iceberg: Iceberg
    connection: psycopg.Connection[Any]
    publisher: GoldPublisher
    batch: int = 0

    def changes(self, *sessions: tuple[str, float, str], absorbed: bool = False) -> None:
        """(user, hour of the start, region) of sessions of ten minutes."""
        self.batch += 1
        self.connection.execute(
            "INSERT INTO journal (application, sequence, epoch, batch_id, ranges, counts, "
            "started_at) VALUES ('clicks', %s, 1, %s, '[]', '{}', now())",
            (self.batch, self.batch),
        )
        for user, hour, region in sessions:
            start = MONDAY + timedelta(hours=hour)
            self.connection.execute(
                "INSERT INTO sessions (user_id, currency, started_at, ended_at, region, events, "
                "views, carts, purchases, removals, revenue, products, closed_at, absorbed, "
                "changed_in) "
                "VALUES (%s, 'EUR', %s, %s, %s, 1, 1, 0, 0, 0, 0, '{}', %s, %s, %s) "
                "ON CONFLICT (user_id, currency, started_at) DO UPDATE SET "
                "region = excluded.region, absorbed = excluded.absorbed, "
                "changed_in = excluded.changed_in",
                (user, start, start, region, start + timedelta(minutes=30), absorbed, self.batch),
            )

    def publish(self, now: datetime = LATER) -> int:
        return self.publisher.publish(now)

    def in_gold(self) -> list[tuple[str, datetime, str]]:
        rows = self.iceberg.spark.table(GOLD).collect()
        return sorted(
            (row["user_id"], row["started_at"].astimezone(UTC), row["region"]) for row in rows
        )

    def in_postgres(self) -> list[tuple[str, datetime, str]]:
        return sorted(
            self.connection.execute(
                "SELECT user_id, started_at, region FROM sessions WHERE NOT absorbed"
            ).fetchall()
        )

    def files(self) -> dict[str, Span]:
        """The table's files by path."""
        rows = self.iceberg.spark.sql(
            "SELECT file_path, partition.region, readable_metrics.started_at.lower_bound, "
            f"readable_metrics.started_at.upper_bound FROM {GOLD}.files"
        ).collect()
        return {row[0]: Span(*row[1:]) for row in rows}


@pytest.fixture
def shop(iceberg: Iceberg, module_postgres: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    monkeypatch.setattr(published_rows, "ROWS_PER_FILE", ROWS_PER_FILE)
    endpoint = PostgresEndpoint(module_postgres, None)
    iceberg.spark.sql(f"DROP TABLE IF EXISTS {GOLD}")
    with endpoint.connect() as connection:
        connection.execute("TRUNCATE sessions, journal, published")
        publisher = GoldPublisher(iceberg.spark, connection, endpoint.jdbc, METRICS, Turns(1))
        yield Shop(iceberg, connection, publisher)


def a_day(users: int = 12, region: str = "EU") -> list[tuple[str, float, str]]:
    return [(f"u{number}", float(number), region) for number in range(users)]


def test_a_day_becomes_files_of_a_stretch_of_time_each(shop: Shop) -> None:
    shop.changes(*a_day())
    shop.publish()
    assert shop.in_gold() == shop.in_postgres()
    spans = sorted(shop.files().values(), key=lambda each: each.first)
    assert len(spans) == 12 / ROWS_PER_FILE
    assert all(one.last < other.first for one, other in pairwise(spans))


# What changes after `a_day`, and how many of its three files are written again.
CHANGES: dict[str, tuple[list[tuple[str, float, str]], bool, int]] = {
    "nothing": ([], False, 0),
    "a session in the first": ([("new", 1.5, "EU")], False, 1),
    "before the first": ([("new", 0.0, "EU")], False, 1),
    "after the last": ([("new", 23.9, "EU")], False, 1),
    "in two": ([("new", 1.5, "EU"), ("other", 23.9, "EU")], False, 2),
    "many at one moment": ([(f"n{each}", 5.0, "EU") for each in range(9)], False, 1),
    "one that is absorbed": ([("u5", 5.0, "EU")], True, 1),
    "all that a file holds are absorbed": (
        [(f"u{each}", float(each), "EU") for each in range(4, 8)],
        True,
        1,
    ),
    "one that is now of another region": ([("u5", 5.0, "APAC")], False, 1),
    "another region": ([("new", 5.0, "US")], False, 1),
    "another day": ([("new", 30.0, "EU")], False, 0),
    "a region with a quote": ([("new", 30.0, "Côte d'Ivoire \\ ? {fn} %s")], False, 0),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_writes_the_files_that_it_concerns(shop: Shop, name: str) -> None:
    changes, absorbed, written = CHANGES[name]
    shop.changes(*a_day())
    shop.publish()
    before = shop.files()
    shop.changes(*changes, absorbed=absorbed)
    shop.publish()
    assert shop.in_gold() == shop.in_postgres()
    assert len(before.keys() - shop.files().keys()) == written


def test_a_backlog_of_many_days_and_then_a_change(shop: Shop) -> None:
    shop.changes(*[(f"u{day}-{n}", 24.0 * day + n, "EU") for day in range(40) for n in range(2)])
    shop.publish()
    assert shop.in_gold() == shop.in_postgres()
    before = shop.files()
    shop.changes(("new", 24.5, "EU"))
    shop.publish()
    assert shop.in_gold() == shop.in_postgres()
    assert len(before.keys() - shop.files().keys()) == 1


def test_a_session_is_published_when_it_has_closed(shop: Shop) -> None:
    shop.changes(*a_day(2))
    assert shop.publish(MONDAY) == 0
    shop.publish(MONDAY + timedelta(minutes=30))
    assert [user for user, _, _ in shop.in_gold()] == ["u0"]
    shop.publish()
    assert shop.in_gold() == shop.in_postgres()


def test_published_again_after_its_mark_was_lost_gold_is_the_same(shop: Shop) -> None:
    shop.changes(*a_day())
    shop.publish()
    shop.connection.execute("TRUNCATE published")
    shop.publish()
    assert shop.in_gold() == shop.in_postgres()


@pytest.mark.parametrize("seed", range(2))
def test_any_changes_in_any_order(shop: Shop, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(6):
        shop.changes(
            *(
                (f"u{chance.randrange(9)}", chance.randrange(0, 200) / 4, chance.choice("ABC"))
                for _ in range(chance.randrange(1, 12))
            ),
            absorbed=chance.random() < 0.3,
        )
        shop.publish()
        assert shop.in_gold() == shop.in_postgres()


def test_files_that_maintenance_makes_one_of_meanwhile(shop: Shop) -> None:
    """Between the look at the files and the commit: the part would cut the new file in two."""
    shop.changes(*a_day())
    shop.publish()
    table = shop.publisher._tables["gold.sessions"]
    look, looks = table.file_spans, []

    def looked_at(column: str, days: Iterable[datetime]) -> list[Span]:
        found = look(column, days)
        if not looks:
            shop.iceberg.compact(table)
        looks.append(found)
        return found

    vars(table)["file_spans"] = looked_at
    shop.changes(("new", 1.5, "EU"))
    shop.publish()
    assert shop.in_gold() == shop.in_postgres()
    assert [len(each) for each in looks] == [3, 1]


def test_more_tasks_than_are_worth_it(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gold, "_MOST_TASKS", 1)
    shop.changes(*a_day())
    shop.publish()
    assert shop.in_gold() == shop.in_postgres()
    assert len(shop.files()) == 1
