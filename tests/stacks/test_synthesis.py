"""Synthesis: pure, and what it writes is sound."""

from __future__ import annotations

from pathlib import Path

import pytest
from cfnlint.api import lint

from cdk.settings import ENVIRONMENTS, settings
from tests.stacks.templates import synthesized, texts


@pytest.mark.parametrize("name", sorted(ENVIRONMENTS))
def test_the_same_settings_give_the_same_bytes(name: str) -> None:
    assert synthesized(settings(name)) == texts(name)


@pytest.mark.parametrize("name", sorted(ENVIRONMENTS))
def test_the_linter_finds_nothing(name: str) -> None:
    found = [f"{stack}: {match}" for stack, text in texts(name).items() for match in lint(text)]
    assert found == []


def test_no_template_knows_an_account_or_a_region() -> None:
    for name in ENVIRONMENTS:
        for stack, text in texts(name).items():
            assert "us-east-1" not in text, f"{name} {stack}"
            assert str(Path.cwd()) not in text
