"""Files of SQL in named sections, and the checks among them, which compare things one by one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from typing import Any

import duckdb

from contracts.errors import Usage

# Differences shown of one check; the count is of all.
SAMPLES = 5
# What DuckDB raises of a damaged data file.
_DAMAGED = (duckdb.IOException, duckdb.InvalidInputException, duckdb.InterruptException)
_SECTIONS = "proof/questions/__init__.py lists the sections of a proof"

KINDS = ("check", "count", "note", "derived", "agrees", "compared", "not in a file", "level")
# A comment that begins with a few words and a colon; one that begins with a capital may be prose.
_HEADING = re.compile(r"^--[ ]*([A-Za-z]+(?: [a-z]+){0,3}):(.*)$", re.MULTILINE)


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
    `proof.questions`), its name and its SQL. `file` is where it was written, or what it follows
    from."""

    kind: str
    name: str
    statement: str
    file: str = ""


@dataclass(frozen=True)
class Script:
    """A parsed SQL file: the question in its first line, statements that prepare, sections.

    A check selects (key, expected, actual, agrees), one row per thing compared. A count selects one
    number. A note selects texts, none when there is nothing to say.
    """

    question: str
    preparation: str
    sections: tuple[Section, ...]
    file: str = ""

    def sections_of(self, kind: str) -> tuple[Section, ...]:
        """The sections of a kind, in the order of the file."""
        return tuple(section for section in self.sections if section.kind == kind)


def script(name: str) -> Script:
    """The SQL file of this name in this package, such as ``levels/l1_topic``."""
    text = resources.files(__package__).joinpath(f"{name}.sql").read_text(encoding="utf-8")
    return parse(text, f"proof/{name}.sql")


def parse(text: str, file: str = "") -> Script:
    """Split a file at its section headings; the first line is a comment: the question. Usage where
    it has no such line, or a heading of no known kind."""
    first = text.partition("\n")[0]
    if not first.startswith("-- "):
        raise Usage(f"{file}: the first line must be a comment, the question", command=_SECTIONS)
    headings = [
        found
        for found in _HEADING.finditer(text)
        if found[1].islower() or found[1].lower() in KINDS
    ]
    for heading in headings:
        if heading[1] not in KINDS or not heading[2].strip():
            raise Usage(
                f"{file}: {heading[0]!r} is no section; known: {': ..., '.join(KINDS)}: ...",
                cause="its name is misspelt, or a comment begins like a section",
                command=_SECTIONS,
            )
    ends = [heading.start() for heading in headings[1:]] + [len(text)] * bool(headings)
    sections = tuple(
        Section(heading[1], heading[2].strip(), text[heading.end() : end].strip().rstrip(";"), file)
        for heading, end in zip(headings, ends, strict=True)
    )
    preparation = text[: headings[0].start()] if headings else text
    return Script(first.removeprefix("--").strip(), preparation, sections, file)


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
    """Run one check; Usage where its SQL cannot be run."""
    with sql_of(part.file or part.name):
        compared, wrong, samples = _compared(connection, part)
    return Check(
        part.name,
        compared,
        compared - wrong,
        tuple(Difference(**sample) for sample in samples or ()),
    )


@contextmanager
def sql_of(file: str) -> Iterator[None]:
    """In the block runs the SQL of a file; Usage with its name where the SQL cannot be run. What is
    wrong with a file of the lake is not the SQL's fault, and is raised as it is."""
    try:
        yield
    except _DAMAGED:
        raise
    except duckdb.Error as problem:
        raise Usage(
            f"{file} cannot be run: {problem}",
            cause="its SQL names what is not there, or is not DuckDB's",
            command="docs/extend.md shows a proof that runs",
        ) from problem


def _compared(connection: duckdb.DuckDBPyConnection, part: Section) -> tuple[Any, ...]:
    return _row(
        connection,
        f"""
        SELECT count(*), count(*) FILTER (WHERE agrees IS NOT TRUE),
               min({{'key': key::VARCHAR, 'expected': expected::VARCHAR,
                     'actual': actual::VARCHAR}}, {SAMPLES}) FILTER (WHERE agrees IS NOT TRUE)
        FROM ({part.statement})
        """,
    )


def _row(connection: duckdb.DuckDBPyConnection, statement: str) -> tuple[Any, ...]:
    row: tuple[Any, ...] | None = connection.execute(statement).fetchone()
    if row is None:
        raise ValueError(f"a count or check must answer with a row: {statement[:80]}")
    return row
