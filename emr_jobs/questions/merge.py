"""How two partial answers of one key become one: the rules, and the SQL that applies them.

Every rule is associative and, but for `keep` and `replace`, commutative, so batches may come in any
order; the runner stores progress with the answers, so none is merged twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from contracts.tables.columns import Column, Table, quoted
from emr_jobs.questions.sketches import union_sketches


@dataclass(frozen=True)
class Rule:
    """One column's rule: `sql` is an expression over {stored} and {new}, None leaves it as stored;
    `fold` is the same rule over Python values."""

    name: str
    sql: str | None
    fold: Callable[[Any, Any], Any]


def _pick(choose: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """`choose` of two values, or the one that is not None: as GREATEST and LEAST do in Postgres."""

    def fold(stored: Any, new: Any) -> Any:
        if stored is None or new is None:
            return new if stored is None else stored
        return choose(stored, new)

    return fold


def _sum(stored: Any, new: Any) -> Any:
    return stored + new


def _new(_stored: Any, new: Any) -> Any:
    return new


def _stored(stored: Any, _new: Any) -> Any:
    return stored


total = Rule("total", "{stored} + {new}", _sum)
greatest = Rule("greatest", "GREATEST({stored}, {new})", _pick(max))
least = Rule("least", "LEAST({stored}, {new})", _pick(min))
# Postgres cannot merge sketches: the store puts the union into the staging table before the merge.
union_sketch = Rule("union_sketch", "{new}", union_sketches)
replace = Rule("replace", "{new}", _new)
keep = Rule("keep", None, _stored)


@dataclass(frozen=True)
class Merge:
    """A rule for each column of `into` that a writer gives, but its key; ValueError when one is
    missing or unknown."""

    into: Table
    columns: Mapping[str, Rule]

    def __post_init__(self) -> None:
        expected = {column.name for column in self.given} - set(self.into.key)
        if set(self.columns) != expected:
            wrong = sorted(expected ^ set(self.columns))
            raise ValueError(f"{self.into.name}: rules and columns differ in {', '.join(wrong)}")

    @property
    def given(self) -> tuple[Column, ...]:
        """The columns a staging table holds: Postgres fills the generated ones and the defaults."""
        return tuple(column for column in self.into.written if not column.default)

    def of(self, rule: Rule) -> tuple[str, ...]:
        """The columns that follow a rule."""
        return tuple(name for name, chosen in self.columns.items() if chosen == rule)


def merge_sql(merge: Merge, staging: str) -> str:
    """The statement that merges every row of `staging`, which holds each key at most once."""
    names = ", ".join(quoted(column.name) for column in merge.given)
    key = ", ".join(map(quoted, merge.into.key))
    return (
        f"INSERT INTO {merge.into.name} AS stored ({names})\n"
        f"SELECT {names} FROM {staging}\n"
        f"ON CONFLICT ({key}) {_on_conflict(merge)}"
    )


def _on_conflict(merge: Merge) -> str:
    changes = [
        f"{quoted(name)} = {_expression(merge.into.column(name), rule.sql)}"
        for name, rule in merge.columns.items()
        if rule.sql is not None
    ]
    return "DO UPDATE SET\n  " + ",\n  ".join(changes) if changes else "DO NOTHING"


def _expression(column: Column, sql: str) -> str:
    """Texts compare by code point, as Spark and Python do, whatever the database's collation is."""
    collation = ' COLLATE "C"' if column.type == "text" else ""
    return sql.format(
        stored=f"stored.{quoted(column.name)}{collation}",
        new=f"excluded.{quoted(column.name)}{collation}",
    )
