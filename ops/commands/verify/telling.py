"""The report for a person: the ledger as a table, one line per level, samples of what is red."""

from __future__ import annotations

from ops import console
from proof.checks import Check, Level
from proof.report import WORDS, Report

_MEANING = {
    "attempted": "events that producers tried to send",
    "acknowledged": "of these, confirmed by Kafka",
    "bronze": "records in the lake",
    "skipped": "offsets of aborted transactions, and of marks that end one",
    "silver": "events in the lake, each once",
    "late": "of these, more than 15 minutes after they happened",
    "duplicate": "records of an event that is already in silver",
    "lost": "acknowledged, and in neither silver nor quarantine",
    "gap": "offsets deleted before they were read, a loss that was accepted",
    "unexpected": "records that no known run sent",
    "duplicated": "counted twice where once is promised",
    "recovered": "never acknowledged, and present all the same",
    "conflicting": "two contents under one event id",
}


def tell(report: Report) -> None:
    """Print the report."""
    red = set(report.red_words)
    rows = [
        (word, f"{report.words[word]:,}", _MEANING[word], "RED" if word in red else "")
        for word in WORDS
    ]
    rows += [
        (f"quarantine {reason}", f"{count:,}", "records that are not events", "")
        for reason, count in report.quarantine.items()
    ]
    console.table(("ledger", "count", "meaning", ""), rows)
    for level in report.levels:
        _level(level.name, level)
    if report.source:
        _level("source", report.source.level)
        counts = ", ".join(f"{name} {count:,}" for name, count in report.source.counts.items())
        console.line(f"    {counts}, mismatched rows {report.source.mismatched_rows:,}")
    for question in report.unproved:
        console.line(f"unproved: {question}")
    console.line(_green(report) if report.green else _red(report))


def _green(report: Report) -> str:
    unexpected = report.words["unexpected"]
    if not unexpected:
        return "green: every answer follows from what was acknowledged"
    return (
        "green: every answer follows from what Kafka holds; of that, "
        f"{unexpected:,} records come from no known run (--strict makes them red)"
    )


def _red(report: Report) -> str:
    levels = [level.name for level in report.levels if not level.ok]
    unproved = ["unproved"] if report.unproved else []
    source = ["source"] if report.source and not report.source.level.ok else []
    return "RED: " + ", ".join([*report.red_words, *levels, *source, *unproved])


def _level(name: str, level: Level) -> None:
    compared = sum(check.expected for check in level.checks)
    verdict = "ok " if level.ok else "RED"
    console.line(f"{name:<6} {verdict} {level.question} ({compared:,} compared)")
    for note in level.notes:
        console.line(f"    note: {note}")
    for check in level.checks:
        if not check.ok:
            _differences(check)


def _differences(check: Check) -> None:
    wrong = check.expected - check.actual
    console.line(f"    {check.name}: {wrong:,} of {check.expected:,} differ")
    for sample in check.samples:
        console.line(f"      {sample.key}")
        console.line(f"        expected {sample.expected}")
        console.line(f"        found    {sample.actual}")
