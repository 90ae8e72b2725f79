"""The process of a function: its settings, the time, and its log."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime

from contracts.metrics import MetricName, emf


def environment() -> Mapping[str, str]:
    """The settings that the template gives a function."""
    return os.environ  # noqa: TID251 - the one place of all functions


def now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - the edge: decisions are given it


def publish(application: str, values: dict[MetricName, float], at: datetime) -> None:
    """Print metrics as one line, which goes to the function's log group."""
    line = emf(values, {"application": application}, int(at.timestamp() * 1000))
    print(line, flush=True)  # noqa: T201 - a function's output is its log
