"""How partial answers meet the stored answers: by a rule per column, or by a fold.

Every rule is associative and, except `keep` and `replace`, commutative, so batches may come in any
order. The runner stores progress with the answers, so no partial answer is merged twice. What a
store does in SQL is defined here over Python values: `Merge.apply` and `Fold.apply`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

from contracts.tables.answer import CHANGED_IN
from contracts.tables.columns import Table
from emr_jobs.kernel.sketches import sketch_estimate, union_sketches

Row: TypeAlias = Mapping[str, Any]
Values: TypeAlias = tuple[Any, ...]
# A table in memory: key -> row.
Rows: TypeAlias = MutableMapping[Values, Row]


@dataclass(frozen=True)
class MergeRule:
    """One column's rule: `sql` is an expression over {stored} and {new}, None leaves the column as
    stored; `fold` is the same rule over Python values. A sketch has its estimate in the column
    `estimate`."""

    name: str
    sql: str | None
    fold: Callable[[Any, Any], Any]
    estimate: str | None = None


def _pick(choose: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """`choose` of two values, or the one that is not None: as GREATEST and LEAST do in Postgres."""

    def fold(stored: Any, new: Any) -> Any:
        if stored is None or new is None:
            return new if stored is None else stored
        return choose(stored, new)

    return fold


total = MergeRule("total", "{stored} + {new}", lambda stored, new: stored + new)
greatest = MergeRule("greatest", "GREATEST({stored}, {new})", _pick(max))
least = MergeRule("least", "LEAST({stored}, {new})", _pick(min))
replace = MergeRule("replace", "{new}", lambda _stored, new: new)
keep = MergeRule("keep", None, lambda stored, _new: stored)


def union_sketch(estimate: str) -> MergeRule:
    """The sketch of both sets; the column `estimate` says how many members it has.

    Postgres cannot merge sketches: a store puts the union into what it merges before it merges.
    """
    return MergeRule("union_sketch", "{new}", union_sketches, estimate)


@dataclass(frozen=True)
class Merge:
    """A rule for each column of `into` that a writer gives, except its key, estimates of sketches
    and `changed_in`; ValueError when one is missing or unknown."""

    into: Table
    columns: Mapping[str, MergeRule]

    def __post_init__(self) -> None:
        implied = {*self.into.key, *self.sketches.values(), CHANGED_IN.name}
        expected = set(self.given) - implied
        if set(self.columns) != expected:
            wrong = sorted(expected ^ set(self.columns))
            raise ValueError(f"{self.into.name}: rules and columns differ in {', '.join(wrong)}")

    @cached_property
    def given(self) -> tuple[str, ...]:
        """The columns of a merged row: a store fills the generated ones and the defaults."""
        return tuple(column.name for column in self.into.written if not column.default)

    @cached_property
    def sketches(self) -> dict[str, str]:
        """The columns of sketches, each with the column of its estimate."""
        return {name: rule.estimate for name, rule in self.columns.items() if rule.estimate}

    @cached_property
    def rules(self) -> dict[str, MergeRule]:
        """The rule of every column but the key. A table whose rows are never changed has none for
        `changed_in`: it tells when a row came."""
        if all(rule == keep for rule in self.columns.values()):
            return dict(self.columns)
        implied = [*self.sketches.values(), CHANGED_IN.name]
        return {**self.columns, **{name: replace for name in implied if name in self.given}}

    def apply(self, stored: Rows, partials: Iterable[Row]) -> list[Row]:
        """Merge partials, at most one per key, into a table in memory; returns the rows that are
        new."""
        new = []
        given, rules, sketches = self.given, self.rules, self.sketches
        for partial in partials:
            key = row_key(self.into, partial)
            if key not in stored:
                stored[key] = {name: partial[name] for name in given}
                new.append(stored[key])
                continue
            before = stored[key]
            merged = dict(before)
            for name, rule in rules.items():
                merged[name] = rule.fold(before[name], partial[name])
            for sketch, estimate in sketches.items():
                merged[estimate] = sketch_estimate(merged[sketch])
            stored[key] = merged
        return new


@dataclass(frozen=True)
class Fold:
    """How partials meet the stored rows that they touch, where no rule per column can say it.

    `given` are the columns of a partial. `is_touched` tells whether a partial touches a stored row.
    `join` takes the touched rows and the partials as tuples of `given`, and gives the rows to write
    as tuples of `written`: a row for each touched key and for each new one. A row whose column
    `emptied` is true is no answer any more, and is never touched.

    A store that runs SQL holds too many rows to hand them over: `join_sql` makes, of the name of a
    table of partials, the query that finds the touched rows and gives what `join` gives.
    """

    into: Table
    given: tuple[str, ...]
    is_touched: Callable[[Row, Row], bool]
    emptied: str
    join: Callable[[Iterable[Values], Iterable[Values]], Iterator[Values]]
    join_sql: Callable[[str], str]

    @cached_property
    def written(self) -> tuple[str, ...]:
        """The columns of a row that is written, but `changed_in`."""
        return tuple(each.name for each in self.into.written if each.name != CHANGED_IN.name)

    def apply(self, stored: Rows, partials: Iterable[Row]) -> list[Row]:
        """Fold partials into a table in memory; returns the rows that are new."""
        batch = list(partials)
        touched = [
            row
            for row in stored.values()
            if not row[self.emptied] and any(self.is_touched(row, each) for each in batch)
        ]
        new: list[Row] = []
        for values in self.join(map(self._values, touched), map(self._values, batch)):
            row = dict(zip(self.written, values, strict=True))
            if batch and CHANGED_IN.name in batch[0]:
                row[CHANGED_IN.name] = batch[0][CHANGED_IN.name]
            key = row_key(self.into, row)
            if key not in stored:
                new.append(row)
            stored[key] = row
        return new

    def _values(self, row: Row) -> Values:
        return tuple(row[name] for name in self.given)


def row_key(table: Table, row: Row) -> Values:
    """The values of the table's key."""
    return tuple(row[name] for name in table.key)
