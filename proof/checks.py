"""Files of SQL in named sections, and the checks among them, which compare things one by one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import resources
from typing import Any

import duckdb

# Differences shown of one check; the count is of all.
SAMPLES = 5

_SECTION = re.compile(
    r"^-- (check|count|note|derived|agrees|compared|not in a file|level): (.+)$", re.MULTILINE
)


@dataclass(frozen=True)
class Difference:
    """One thing that is not as it must be; `key` names it."""

    key: str
    expected: str | None
    actual: str | None


@dataclass(frozen=True)
class Check:
    """`expected` things were compared, `actual` of them agree; `samples` are of the others."""

    name: str
    expected: int
    actual: int
    samples: tuple[Difference, ...] = ()

    @property
    def ok(self) -> bool:
        return self.expected == self.actual


@dataclass(frozen=True)
class Level:
    """One level of the proof; it holds when all its checks do. `notes` say what limits it."""

    name: str
    question: str
    checks: tuple[Check, ...]
    notes: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        return all(check.ok for check in self.checks)


@dataclass(frozen=True)
class Section:
    """A part of a file: its kind (``check``, ``count``, ``note`` and those of
    `proof.questions`), its name and its SQL."""

    kind: str
    name: str
    statement: str


@dataclass(frozen=True)
class Script:
    """A parsed SQL file: the question in its first line, statements that prepare, sections.

    A check selects (key, expected, actual, agrees), one row per thing compared. A count selects one
    number. A note selects texts, none when there is nothing to say.
    """

    question: str
    preparation: str
    sections: tuple[Section, ...]

    def sections_of(self, kind: str) -> tuple[Section, ...]:
        """The sections of a kind, in the order of the file."""
        return tuple(section for section in self.sections if section.kind == kind)


def script(name: str) -> Script:
    """The SQL file of this name in this package, such as ``levels/l1_topic``."""
    text = resources.files(__package__).joinpath(f"{name}.sql").read_text(encoding="utf-8")
    return parse(text)


def parse(text: str) -> Script:
    """Split a file at its section headings; the first line is a comment: the question."""
    question = text.splitlines()[0].removeprefix("--").strip()
    headings = list(_SECTION.finditer(text))
    ends = [heading.start() for heading in headings[1:]] + [len(text)] * bool(headings)
    sections = tuple(
        Section(heading[1], heading[2].strip(), text[heading.end() : end].strip().rstrip(";"))
        for heading, end in zip(headings, ends, strict=True)
    )
    return Script(question, text[: headings[0].start()] if headings else text, sections)


def run_level(
    connection: duckdb.DuckDBPyConnection, name: str, file: str, more: Iterable[Section] = ()
) -> Level:
    """Run one level's file over the relations of the connection, and `more` checks."""
    parsed = script(file)
    connection.execute(parsed.preparation)
    return Level(
        name,
        parsed.question,
        tuple(check(connection, part) for part in [*parsed.sections_of("check"), *more]),
        tuple(
            text
            for part in parsed.sections_of("note")
            for (text,) in connection.execute(part.statement).fetchall()
        ),
    )


def run_counts(connection: duckdb.DuckDBPyConnection, file: str) -> dict[str, int]:
    """The numbers of a file of counts, by name."""
    parsed = script(file)
    connection.execute(parsed.preparation)
    counts = parsed.sections_of("count")
    return {part.name: int(_row(connection, part.statement)[0]) for part in counts}


def prepare(connection: duckdb.DuckDBPyConnection, file: str) -> None:
    """Run a file that only prepares relations for others."""
    connection.execute(script(file).preparation)


def check(connection: duckdb.DuckDBPyConnection, part: Section) -> Check:
    """Run one check."""
    compared, wrong, samples = _row(
        connection,
        f"""
        SELECT count(*), count(*) FILTER (WHERE agrees IS NOT TRUE),
               min({{'key': key::VARCHAR, 'expected': expected::VARCHAR,
                     'actual': actual::VARCHAR}}, {SAMPLES}) FILTER (WHERE agrees IS NOT TRUE)
        FROM ({part.statement})
        """,
    )
    return Check(
        part.name,
        compared,
        compared - wrong,
        tuple(Difference(**sample) for sample in samples or ()),
    )


def _row(connection: duckdb.DuckDBPyConnection, statement: str) -> tuple[Any, ...]:
    row: tuple[Any, ...] | None = connection.execute(statement).fetchone()
    if row is None:
        raise ValueError(f"a count or check must answer with a row: {statement[:80]}")
    return row
