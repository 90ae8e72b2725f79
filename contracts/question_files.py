"""The files of the questions: one module per question in a package, each with one thing in it."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from contracts.applications import EXIT_STOPPED
from contracts.errors import ShopstreamError, Usage

Found = TypeVar("Found")

_HELP = "docs/extend.md shows the files of a question"


def found_in(
    package: str,
    path: Sequence[str],
    name: str,
    kind: type[Found],
    question_of: Callable[[Found], str],
) -> tuple[Found, ...]:
    """What the modules of `package` have under `name`, by the modules' names; `path` is the
    package's. Usage with the file of a module that cannot be imported, lacks it, or has that of a
    question of another name."""
    found = []
    for module in sorted(each.name for each in pkgutil.iter_modules(path)):
        file = f"{package.replace('.', '/')}/{module}.py"
        with imported(file):
            value = getattr(importlib.import_module(f"{package}.{module}"), name, None)
        if not isinstance(value, kind):
            raise Usage(
                f"{file} has no {name} that is of type {kind.__name__}",
                cause="each file there is one question",
                command=_HELP,
            )
        if question_of(value) != module:
            raise Usage(
                f"the {name} of {file} is of the question {question_of(value)!r}",
                cause="a question is named as its files",
                command=_HELP,
            )
        found.append(value)
    return tuple(found)


@contextmanager
def imported(file: str) -> Iterator[None]:
    """In the block a file is imported; Usage with its name and the fault where that fails."""
    try:
        yield
    except ShopstreamError:
        raise
    # An edited module may raise anything.
    except Exception as problem:
        raise Usage(
            f"{file} cannot be used: {type(problem).__name__}: {problem}",
            cause="the file was edited, or a file that it imports was",
            command=_HELP,
        ) from problem


@contextmanager
def stopped_where_broken() -> Iterator[None]:
    """In the block a process imports the questions. Where a file of theirs is broken it ends as one
    that no restart mends."""
    try:
        yield
    except Usage as broken:
        sys.stderr.write(f"stopped: {broken}\n")
        sys.exit(EXIT_STOPPED)
