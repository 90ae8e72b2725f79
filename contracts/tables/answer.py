"""A table of answers and everything that others must know of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from contracts.hot_keys import HotKeys
from contracts.tables.columns import Column, Table
from contracts.tables.roles import READER

CHANGED_IN = Column(
    "changed_in", "bigint", "journal sequence of the last batch that touched the row"
)
BOOKKEEPING = {CHANGED_IN.name: "it depends on how the events were cut into batches"}


@dataclass(frozen=True)
class Gold:
    """An answer's table in the lake, partitioned by `region` and the day of `day`.

    `hidden` are columns that stay in Postgres, as `changed_in` always does; only rows that meet the
    SQL condition `only` are published.
    """

    day: str
    hidden: tuple[str, ...] = ()
    only: str = "true"


@dataclass(frozen=True)
class Answer:
    """A table of answers. `question` is the name of its module here, in `emr_jobs.questions` and in
    `proof/questions`.

    `application` merges the rows. `closes` names the column with the time from which a row is
    final, if rows close; no row is final before the time that `gold` names. `gold` is None where
    nothing is published. `unproved` says of a column why no proof can compare it. ValueError when a
    column is named that the table does not have, or when the table has no key.
    """

    question: str
    table: Table
    application: Literal["orders", "clicks", "ingest"]
    closes: str | None = None
    gold: Gold | None = None
    hot: tuple[HotKeys, ...] = ()
    readers: tuple[str, ...] = (READER,)
    unproved: Mapping[str, str] = field(default_factory=lambda: BOOKKEEPING)

    def __post_init__(self) -> None:
        if not self.table.key:
            raise ValueError(f"{self.question}: the table has no key")
        named = [*self.table.key, *self.unproved, *((self.closes,) if self.closes else ())]
        if self.gold:
            named += ["region", self.gold.day, *self.gold.hidden]
        for keys in self.hot:
            named += keys.named
        if unknown := sorted(set(named) - set(self.table.names)):
            raise ValueError(f"{self.question}: no column {', '.join(unknown)} in the table")

    @property
    def proved(self) -> tuple[Column, ...]:
        """The columns that a proof compares."""
        return tuple(each for each in self.table.columns if each.name not in self.unproved)

    @property
    def gold_table(self) -> Table | None:
        """The table in the lake as it is published: without bookkeeping and hidden columns."""
        if self.gold is None:
            return None
        hidden = {CHANGED_IN.name, *self.gold.hidden}
        return Table(
            f"gold.{self.question}",
            f"{self.table.grain}; closed ones" if self.closes else self.table.grain,
            tuple(column for column in self.table.columns if column.name not in hidden),
            key=self.table.key,
            partitioned_by=("region", f"days({self.gold.day})"),
        )
