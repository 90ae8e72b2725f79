"""No two modules import each other in a circle: each can be read before those that use it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter

import pytest

from tests.architecture.tree import ROOT, modules, tree

PRODUCT = modules(*(path.parent.name for path in ROOT.glob("*/__init__.py")))


def dotted(path: str) -> str:
    """The name by which a module is imported."""
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


MODULES = {dotted(path.relative_to(ROOT).as_posix()): tree(path) for path in PRODUCT}


def nodes_that_run(module: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a module but those under ``if TYPE_CHECKING``."""
    for node in ast.iter_child_nodes(module):
        match node:
            case ast.If(test=ast.Name(id="TYPE_CHECKING")):
                continue
        yield node
        yield from nodes_that_run(node)


def imported(module: ast.Module, known: Mapping[str, ast.Module]) -> Iterator[str]:
    """The known modules that a module imports, also those that it names to `import_module`. What
    only a type checker imports is left out."""
    for node in nodes_that_run(module):
        match node:
            case ast.Import(names=names):
                yield from (alias.name for alias in names if alias.name in known)
            case ast.ImportFrom(module=str(source), names=names):
                for alias in names:
                    inner = f"{source}.{alias.name}"
                    yield inner if inner in known else source
            case ast.Call(func=ast.Name(id="import_module"), args=[ast.Constant(value=str(name))]):
                yield name


def circle(known: Mapping[str, ast.Module]) -> list[str]:
    """Modules that import one another, each the next one; empty when there are none."""
    arrows = {
        name: {other for other in imported(module, known) if other in known and other != name}
        for name, module in known.items()
    }
    try:
        TopologicalSorter(arrows).prepare()
    except CycleError as found:
        # The sorter lists what comes first; an import points the other way.
        return list(reversed(found.args[1]))
    return []


def test_no_modules_import_each_other_in_a_circle() -> None:
    assert circle(MODULES) == []


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        pytest.param({"a": "import b", "b": ""}, [], id="one way"),
        pytest.param({"a": "import b", "b": "import a"}, ["a", "b", "a"], id="both ways"),
        pytest.param({"a.b": "from a import c", "a.c": "import a.b"}, ["a.b"], id="from a package"),
        pytest.param({"a": "import b", "b": "from c import x", "c": "import a"}, ["a"], id="three"),
        pytest.param({"a": "import_module('b')", "b": "import a"}, ["a"], id="by its name"),
        pytest.param({"a": "import a"}, [], id="no other module"),
        pytest.param(
            {"a": "if TYPE_CHECKING:\n    import b", "b": "import a"}, [], id="for a type checker"
        ),
    ],
)
def test_a_circle_is_found(texts: dict[str, str], found: list[str]) -> None:
    seen = circle({name: ast.parse(text) for name, text in texts.items()})
    assert set(found) <= set(seen)
    assert bool(seen) == bool(found)
