"""The tables of answers: one module per question, found by its file name."""

from __future__ import annotations

import importlib
import pkgutil

from contracts.tables.answer import Answer

ANSWERS: tuple[Answer, ...] = tuple(
    importlib.import_module(f"{__name__}.{name}").ANSWER
    for name in sorted(module.name for module in pkgutil.iter_modules(__path__))
)
