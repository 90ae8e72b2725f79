"""From filled relations to a report; reads nothing else and changes nothing outside DuckDB."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb

from contracts.applications import APPLICATIONS, INGEST
from contracts.registry import Registry
from contracts.tables.answer import Answer
from contracts.tables.questions import ANSWERS
from contracts.topics import CLICKS, Topic
from proof.checks import Script, Section, check, run_counts, run_level, sql_of
from proof.comparing import checks_of, derived_relation, file_check_of
from proof.conflicts import find_conflicts
from proof.questions import find_proofs
from proof.relations import prepare
from proof.report import Report, SourceComparison
from proof.stated import LEVEL as STATED_LEVEL
from proof.stated import read_bytes, stated_checks

LEVELS = {
    "L1": "l1_topic",
    "L2": "l2_bronze",
    "L3": "l3_conservation",
    "L4": "l4_silver",
    "L5": "l5_totals",
    "L6": "l6_alerts",
    "L7": "l7_order",
}
# The level of a question whose file names no other.
_LEVEL = "L5"


def judge(
    connection: duckdb.DuckDBPyConnection,
    registry: Registry,
    rules: Sequence[Mapping[str, Any]],
    *,
    strict: bool = False,
) -> Report:
    """Run every level over the relations of `connection`."""
    prepare(connection)
    find_conflicts(connection, registry)
    read_bytes(connection, registry)
    proofs = find_proofs(rules)
    checks = answer_checks(connection, ANSWERS, proofs)
    checks.setdefault(STATED_LEVEL, []).extend(stated_checks())
    levels = tuple(
        run_level(connection, name, f"levels/{file}", checks.get(name, ()))
        for name, file in LEVELS.items()
    )
    quarantine = connection.execute(
        "SELECT reason, count(*) FROM quarantined GROUP BY reason ORDER BY reason"
    ).fetchall()
    return Report(
        run_counts(connection, "levels/ledger"),
        dict(quarantine),
        levels,
        unproved=unproved(ANSWERS, proofs),
        strict=strict,
    )


def unproved(answers: Iterable[Answer], proofs: Collection[str]) -> tuple[str, ...]:
    """The questions that have a table of answers and no proof."""
    return tuple(answer.question for answer in answers if answer.question not in proofs)


def answer_checks(
    connection: duckdb.DuckDBPyConnection,
    answers: Iterable[Answer],
    proofs: Mapping[str, Script],
) -> dict[str, list[Section]]:
    """Derive each answer that has a proof from silver; return the checks by level."""
    found: dict[str, list[Section]] = {}
    for answer in answers:
        if script := proofs.get(answer.question):
            derive(connection, answer, script)
            level = next((part.name for part in script.sections_of("level")), _LEVEL)
            found.setdefault(level, []).extend(checks_of(answer, script))
    return found


def derive(connection: duckdb.DuckDBPyConnection, answer: Answer, script: Script) -> None:
    """Fill the question's relation from the views `orders`, `clicks` and `records` as they are."""
    (derived,) = script.sections_of("derived")
    with sql_of(script.file):
        connection.execute(script.preparation)
        connection.execute(
            f"CREATE OR REPLACE TABLE {derived_relation(answer)} AS {derived.statement}"
        )


def judge_source(
    connection: duckdb.DuckDBPyConnection,
    files: Sequence[Path],
    rules: Sequence[Mapping[str, Any]],
    topics: Collection[Topic],
) -> SourceComparison:
    """Compare the answers with those of data files that tell of events of `topics`; `judge` and
    `derive_events` come first."""
    proofs = find_proofs(rules)
    counts = run_counts(connection, "source/orders_counted")
    level = run_level(connection, "source", "source/order_checks")
    if CLICKS in topics:
        counts |= run_counts(connection, "source/clicks_counted")
        more = run_level(connection, "source", "source/click_checks")
        level = replace(level, checks=level.checks + more.checks)
    compared = []
    for answer in ANSWERS:
        script = proofs.get(answer.question)
        if script and _follows_from(answer, topics):
            derive(connection, answer, script)
            compared.append(check(connection, file_check_of(answer, script)))
    wrong = sum(each.expected - each.actual for each in compared)
    level = replace(level, checks=(*level.checks, *compared))
    return SourceComparison(tuple(map(str, files)), counts, wrong, level)


def _follows_from(answer: Answer, topics: Collection[Topic]) -> bool:
    """Whether all events of an answer are of `topics`. A data file says nothing about records, from
    which the answers of ingest are derived."""
    (application,) = (each for each in APPLICATIONS if each.name == answer.application)
    return application != INGEST and set(application.reads) <= set(topics)
