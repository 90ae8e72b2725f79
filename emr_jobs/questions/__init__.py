"""The questions: one module per question, found by its file name."""

from __future__ import annotations

from typing import Any

from contracts.question_files import found_in
from emr_jobs.kernel.question import Question

# Those of `ingest` are asked of Arrow tables, all others of Spark frames.
QUESTIONS: tuple[Question[Any], ...] = found_in(
    __name__, __path__, "QUESTION", Question, lambda question: question.name
)


def questions_of(application: str) -> tuple[Question[Any], ...]:
    """The questions that an application asks of its events."""
    return tuple(each for each in QUESTIONS if each.answer.application == application)
