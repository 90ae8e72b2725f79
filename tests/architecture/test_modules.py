"""Modules are short, say what they are for, import what they may, and relax few rules."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import pytest

from tests.architecture.tree import PACKAGES, modules, name, tree

MODULE_LINES = 300
FUNCTION_LINES = 50
# Longer ones by name, each with its reason; there are none.
LONG_MODULES: dict[str, str] = {}
LONG_FUNCTIONS: dict[str, str] = {}

NO_NAMES = {"utils", "util", "common", "helpers", "helper", "shared", "manager", "misc"}
SUPPRESSION = re.compile(r"#\s*(?:noqa|type:\s*ignore)")
# How often a rule is relaxed in place, by package: it may only fall, and then this number does.
SUPPRESSIONS = {
    "contracts": 0,
    "emr_jobs": 8,
    "producer": 5,
    "lambdas": 3,
    "local": 1,
    "readers": 0,
    "proof": 0,
    "ops": 4,
    "bench": 2,
    "cdk": 0,
    "stacks": 0,
}

every_module = pytest.mark.parametrize(
    "path", [pytest.param(path, id=name(path)) for path in modules(*PACKAGES)]
)
# A test is read as often as what it tests.
every_module_and_test = pytest.mark.parametrize(
    "path", [pytest.param(path, id=name(path)) for path in modules(*PACKAGES, "tests")]
)


@every_module_and_test
def test_a_module_is_short(path: Path) -> None:
    if name(path) not in LONG_MODULES:
        assert len(path.read_text().splitlines()) <= MODULE_LINES


@every_module_and_test
def test_functions_are_short(path: Path) -> None:
    long = {
        f"{name(path)}:{node.name}": length
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := (node.end_lineno or node.lineno) - node.lineno + 1) > FUNCTION_LINES
    }
    assert long.keys() - LONG_FUNCTIONS.keys() == set()


@every_module
def test_a_module_says_what_it_is_for(path: Path) -> None:
    said = ast.get_docstring(tree(path))
    assert said
    assert said.splitlines()[0].endswith((".", ":", ";", "?", ",")) or len(said.splitlines()) > 1


@every_module
def test_a_module_has_a_name_of_its_own(path: Path) -> None:
    assert not NO_NAMES & set(re.split(r"[/_.]", name(path)))


@pytest.mark.parametrize("listed", [LONG_MODULES, LONG_FUNCTIONS])
def test_exceptions_are_still_needed(listed: dict[str, str]) -> None:
    for exception, reason in listed.items():
        assert reason
        assert exception.partition(":")[0] in {name(path) for path in modules(*PACKAGES, "tests")}


@pytest.mark.parametrize("package", PACKAGES)
def test_rules_are_not_relaxed_more_often(package: str) -> None:
    found = [
        f"{name(path)}:{number}"
        for path in modules(package)
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if SUPPRESSION.search(line)
    ]
    assert len(found) == SUPPRESSIONS[package], (
        f"{package}: {len(found)} suppressions, {SUPPRESSIONS[package]} agreed: {found}"
    )


@every_module_and_test
def test_a_relaxed_rule_has_its_reason_beside_it(path: Path) -> None:
    lines = path.read_text().splitlines()
    bare = [
        number
        for number, line in enumerate(lines, start=1)
        if (found := SUPPRESSION.search(line))
        and " - " not in line[found.end() :]
        and not lines[number - 2].lstrip().startswith("#")
    ]
    assert bare == []


@pytest.mark.parametrize(
    "path", [pytest.param(path, id=name(path)) for path in modules("contracts")]
)
def test_contracts_need_the_standard_library_and_fastavro_alone(path: Path) -> None:
    """They are in every artefact, the smallest Lambda's too."""
    imported = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            imported |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add((node.module or "").partition(".")[0])
    assert imported - sys.stdlib_module_names - {"contracts", "fastavro"} == set()


def test_the_packages_are_those_that_the_build_knows() -> None:
    assert {path.parent.name for path in modules(*PACKAGES) if path.parent.parent == _root()} == {
        *PACKAGES
    }


def _root() -> Path:
    return modules("contracts")[0].parents[1]
