"""How many of the records of each topic are good?"""

from __future__ import annotations

from contracts.tables.answer import Answer
from contracts.tables.columns import Column, Table

ANSWER = Answer(
    question="quality",
    table=Table(
        "quality",
        "one row per (topic, 5-minute window of append time)",
        (
            Column("topic", "text"),
            Column("window_start", "timestamp"),
            Column("silver", "bigint"),
            Column("duplicate", "bigint"),
            Column("quarantine", "bigint"),
            Column(
                "score",
                "money",
                "silver / (silver + quarantine), percent; null when there were only duplicates",
                nullable=True,
                generated="CASE WHEN silver + quarantine > 0 "
                "THEN round(100.0 * silver / (silver + quarantine), 2) END",
            ),
        ),
        key=("topic", "window_start"),
    ),
    application="ingest",
    unproved={},
)
