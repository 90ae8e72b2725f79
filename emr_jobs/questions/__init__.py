"""The questions: one module per question, found by its file name."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any

from emr_jobs.kernel.question import Question

# Those of `ingest` are asked of Arrow tables, all others of Spark frames.
QUESTIONS: tuple[Question[Any], ...] = tuple(
    importlib.import_module(f"{__name__}.{name}").QUESTION
    for name in sorted(module.name for module in pkgutil.iter_modules(__path__))
)


def questions_of(application: str) -> tuple[Question[Any], ...]:
    """The questions that an application asks of its events."""
    return tuple(each for each in QUESTIONS if each.answer.application == application)
