"""Rows of order_metrics as tests compare them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from emr_jobs.kernel.sketches import sketch_estimate
from emr_jobs.questions.order_metrics import QUESTION

KEY = QUESTION.answer.table.key
Row = dict[str, Any]
Answers = dict[tuple[Any, ...], Row]


def moment(micros: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)


def counted(row: Row) -> Row:
    """The row without its key, and with its sketch replaced by the number of members."""
    assert row["unique_customers"] == sketch_estimate(row["customers"])
    return {name: cell for name, cell in row.items() if name not in {*KEY, "customers"}}
