"""What a question is: how events become partial answers, and how these meet the stored ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from contracts.events import Event
from contracts.rule_packs import RulePack, default_pack
from contracts.tables.answer import Answer
from emr_jobs.kernel.merge import Fold, Merge, Row, keep

Frame = TypeVar("Frame")


@dataclass(frozen=True)
class Settings:
    """What a shop decides about its questions: `rules` say which orders look like fraud."""

    rules: RulePack = field(default_factory=default_pack)


@dataclass(frozen=True)
class Statement:
    """SQL, and the values of its named parameters."""

    sql: str
    parameters: Mapping[str, object]


@dataclass(frozen=True)
class Question(Generic[Frame]):
    """A keyed answer.

    `prepare` makes, once for all batches, the step from new events to partial answers: at most one
    row per key. A row has the columns that `merge` is given, but not `changed_in` and not those of
    `derived`, which are computed from the row's other columns.

    `look_back` gives queries of more partial answers, for a store that holds earlier events, about
    the new events in a table of the store. `announces` makes the event that leaves, once, for each
    new row; ValueError where rows change.
    """

    answer: Answer
    prepare: Callable[[Settings], Callable[[Frame], Frame]]
    merge: Merge | Fold
    derived: Mapping[str, Callable[[Row], Any]] = field(default_factory=dict)
    look_back: Callable[[Settings, str], tuple[Statement, ...]] | None = None
    announces: Callable[[Row], Event] | None = None

    def __post_init__(self) -> None:
        if self.announces and (
            isinstance(self.merge, Fold) or any(r != keep for r in self.merge.columns.values())
        ):
            raise ValueError(f"{self.name}: rows that are announced must never change")

    @property
    def name(self) -> str:
        """The name of its modules in `contracts.tables.questions` and `emr_jobs.questions`."""
        return self.answer.question
