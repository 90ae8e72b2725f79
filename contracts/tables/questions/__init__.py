"""The tables of answers: one module per question, found by its file name."""

from __future__ import annotations

from contracts.question_files import found_in
from contracts.tables.answer import Answer

ANSWERS: tuple[Answer, ...] = found_in(
    __name__, __path__, "ANSWER", Answer, lambda answer: answer.question
)
