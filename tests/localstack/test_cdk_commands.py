"""docs/deploy.md and the workflows call the CDK by commands and options that it has."""

from __future__ import annotations

import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT
from tests.delivery.test_deploy_page import PAGE, calls, commands
from tests.delivery.test_workflows import jobs, run

pytestmark = pytest.mark.localstack

CALLS = [
    pytest.param(command, options, id=f"{place} cdk {command}")
    for place, found in [
        ("docs/deploy.md", commands("cdk", PAGE)),
        *((name, calls("cdk", run(job))) for name, job in jobs()),
    ]
    for command, _, options in found
]


@cache
def usage(command: str) -> str:
    return subprocess.run(
        [Path(sys.executable).parent / "node", ROOT / "node_modules/.bin/cdk", command, "--help"],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    ).stdout


@pytest.mark.parametrize(("command", "options"), CALLS)
def test_every_call_of_the_cdk_exists(command: str, options: set[str]) -> None:
    # Of a command that does not exist the help is that of all commands.
    assert f"cdk {command}" in usage(command).partition("\n\n")[0]
    known = set(re.findall(r"--([a-z-]+)", usage(command)))
    assert {each for each in options - known if each.removeprefix("no-") not in known} == set()
