"""What of an answer changed since a publication, and how its rows are shared out over files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from psycopg.rows import class_row
from psycopg.sql import Literal

from contracts.tables.answer import Answer, Gold
from contracts.tables.columns import Table
from emr_jobs.stores.postgres import Pg
from emr_jobs.transforms.slices import Slice
from emr_jobs.transforms.spans import Span

# A changed row costs the file that it lies in. At 1,000 events/s an hour of sessions fills eight.
ROWS_PER_FILE = 10_000
# A task holds a buffer for each column of each of its files until it ends.
_FILES_PER_TASK = 32


@dataclass(frozen=True)
class Publication:
    """An answer that goes to the lake, and its table there."""

    answer: Answer
    gold: Gold
    table: Table


@dataclass(frozen=True)
class Mark:
    """What of an answer is published: changes up to a batch, and rows closed up to a time."""

    changed_in: int
    closed_until: datetime | None


@dataclass(frozen=True)
class _File:
    """The first time of a file's rows, the part of the table that it lies in, and its rows."""

    part: int
    first: datetime
    rows: int


class PublishedRows:
    """Asks Postgres about one publication, as of `now`."""

    def __init__(self, connection: Pg, publication: Publication, now: datetime) -> None:
        self._connection = connection
        self._publication = publication
        self._now = now

    def since(self, mark: Mark, latest: int) -> list[Span]:
        """The regions and times of rows that changed up to `latest`, or closed, since the mark: at
        most one span per region and hour."""
        time, closes = self._publication.gold.day, self._publication.answer.closes
        touched = "(changed_in > %(after)s AND changed_in <= %(latest)s)"
        if closes:
            touched = (
                f"({touched} OR ({closes} > %(since)s AND {closes} <= %(now)s)) "
                f"AND {closes} <= %(now)s"
            )
        found = self._connection.cursor(row_factory=class_row(Span)).execute(
            f"SELECT region, min({time}) AS first, max({time}) AS last "
            f"FROM {self._publication.answer.table.name} WHERE {touched} "
            f"GROUP BY region, date_trunc('hour', {time}, 'UTC')",
            {
                "after": mark.changed_in,
                "latest": latest,
                "since": mark.closed_until or self._now,
                "now": self._now,
            },
        )
        return found.fetchall()

    def rows_of(self, parts: Sequence[Slice]) -> str:
        """``FROM ... WHERE ...`` of the rows that are published of these parts."""
        answer, gold = self._publication.answer, self._publication.gold
        conditions = [self._indexed(parts), gold.only]
        if answer.closes:
            conditions.append(f"{answer.closes} <= {self._literal(self._now)}")
        return f"FROM {answer.table.name} WHERE {' AND '.join(conditions)}"

    def tasks(self, parts: Sequence[Slice]) -> list[str]:
        """Conditions that share the rows of the parts out over tasks: each makes at most one file
        of a full size, or few small ones."""
        tasks: list[list[Slice]] = [[]]
        size = 0
        for files in self._files(parts):
            for each, rows in files:
                if tasks[-1] and (size + rows > ROWS_PER_FILE or len(tasks[-1]) == _FILES_PER_TASK):
                    tasks.append([])
                    size = 0
                tasks[-1].append(each)
                size += rows
        return [self._indexed(each) for each in tasks]

    def _indexed(self, parts: Sequence[Slice]) -> str:
        """`within`, such that Postgres finds the rows by an index. No row closes before its time:
        rows that closed before the first part are in none."""
        closes = self._publication.answer.closes
        if closes is None or not parts:
            return self.within(parts)
        first = min(each.start for each in parts)
        return f"{self.within(parts)} AND {closes} >= {self._literal(first)}"

    def within(self, parts: Iterable[Slice]) -> str:
        """An SQL condition: the row lies in one of the parts."""
        time = self._publication.gold.day
        conditions = [
            f"({f'region = {self._literal(each.region)} AND ' if each.region is not None else ''}"
            f"{time} >= {self._literal(each.start)} AND {time} < {self._literal(each.end)})"
            for each in parts
        ]
        return f"({' OR '.join(conditions) or 'false'})"

    def _files(self, parts: Sequence[Slice]) -> Iterable[list[tuple[Slice, int]]]:
        """Each part cut at times of its rows, such that a piece holds about one file's rows."""
        time = self._publication.gold.day
        numbers = ", ".join(
            f"({number}, {self._literal(each.region)}, {self._literal(each.start)}, "
            f"{self._literal(each.end)})"
            for number, each in enumerate(parts)
        )
        statement = (
            f"SELECT part, min(time) AS first, sum(rows)::bigint AS rows FROM ("
            f"SELECT part, {time} AS time, count(*) AS rows, "
            f"sum(count(*)) OVER (PARTITION BY part ORDER BY {time}) AS reached "
            f"FROM (SELECT region, {time} {self.rows_of(parts)}) AS found "
            f"JOIN (VALUES {numbers}) AS parts (part, part_region, start, until) "
            f"ON region = part_region AND {time} >= start AND {time} < until "
            f"GROUP BY part, {time}) AS counted "
            f"GROUP BY part, (reached - 1)::bigint / {ROWS_PER_FILE} ORDER BY part, first"
        )
        files = self._connection.cursor(row_factory=class_row(_File)).execute(statement).fetchall()
        for number, part in enumerate(parts):
            own = [each for each in files if each.part == number]
            bounds = [part.start, *(each.first for each in own[1:]), part.end]
            pieces = [Slice(part.region, start, end) for start, end in pairwise(bounds)]
            yield list(zip(pieces, [each.rows for each in own] or [0], strict=True))

    def _literal(self, value: str | datetime | None) -> str:
        return Literal(value).as_string(self._connection)
