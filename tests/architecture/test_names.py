"""One name for one thing, and no name for two: classes, modules, functions and parameters."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT, modules, name, tree

PRODUCT = modules(
    *(path.parent.name for path in ROOT.glob("*/__init__.py") if path.parent.name != "tests")
)
# These say nothing without the words around them.
NO_NAMES = {"of", "but", "among", "beside"}
NO_MODULE = re.compile(r"answers$")


def homonyms(classes: Mapping[str, set[str]]) -> dict[str, set[str]]:
    """The names that several modules give to a class, each with those modules."""
    return {named: held for named, held in classes.items() if len(held) > 1}


def classes_of(paths: list[Path]) -> dict[str, set[str]]:
    """The names of all classes, each with the modules that hold one of that name."""
    found = defaultdict(set)
    for path in paths:
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.ClassDef):
                found[node.name].add(name(path))
    return found


def named_in(module: ast.Module) -> Iterator[str]:
    """The functions and parameters of a module."""
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg


def test_no_two_classes_have_one_name() -> None:
    found = homonyms(classes_of(PRODUCT))
    assert found == {}


def test_a_module_is_named_by_what_it_holds() -> None:
    """Seven modules were called `*answers.py`, and none of them said which answers."""
    found = {name(path) for path in PRODUCT if NO_MODULE.search(path.stem)}
    assert found == set()


def test_a_function_and_a_parameter_say_what_they_are() -> None:
    found = {
        f"{name(path)}: {word}"
        for path in PRODUCT
        for word in named_in(tree(path))
        if word in NO_NAMES
    }
    assert found == set()


@pytest.mark.parametrize(
    ("classes", "found"),
    [
        pytest.param({"Run": {"a.py", "b.py"}}, {"Run": {"a.py", "b.py"}}, id="two"),
        pytest.param({"Run": {"a.py"}, "Rule": {"b.py"}}, {}, id="one each"),
    ],
)
def test_homonyms_are_found(classes: dict[str, set[str]], found: dict[str, set[str]]) -> None:
    assert homonyms(classes) == found


def test_functions_and_all_kinds_of_parameters_are_seen() -> None:
    module = ast.parse("async def of(but, /, *among, beside=1, **more): lambda each: each")
    assert {*named_in(module)} == {"of", "but", "among", "beside", "more", "each"}
