"""Templates as synthesis writes them, once an environment and session."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

# The library starts Node when it is imported: that of the locked wheel, not one of the machine.
os.environ["JSII_NODE"] = str(Path(sys.executable).parent / "node")

from aws_cdk import App, Validations
from cfnlint.api import ManualArgs, lint

from cdk.feature_flags import FLAGS
from cdk.settings import EnvironmentSettings, settings
from contracts.aws.published_plan import SUFFIX
from stacks.environment import environment
from tests.stacks.shipped import assets

Template = dict[str, Any]
# No known environment has this compute, and a shop may.
ON_EC2 = "staging-on-ec2"
# Texts of the job plans that were synthesized, by file name: the hash of the text.
PLANS: dict[str, str] = {}
# The CDK says twice what a resource depends on.
LINTER = ManualArgs(ignore_checks=["W3005"])


def assemble(chosen: EnvironmentSettings, folder: str, *plugins: Any) -> None:
    """Write what the command deploys, with small assets; raises on a finding of `plugins`."""
    app = App(context=FLAGS, outdir=folder, analytics_reporting=False)
    environment(app, chosen, assets())
    Validations.of(app).add_plugins(*plugins)
    app.synth()


def synthesized(chosen: EnvironmentSettings, *plugins: Any) -> dict[str, str]:
    """Template texts by stack name without its environment; raises on a finding of `plugins`."""
    with TemporaryDirectory() as folder:
        assemble(chosen, folder, *plugins)
        PLANS.update({file.name: file.read_text() for file in Path(folder).glob(f"*{SUFFIX}")})
        return {
            file.name.removesuffix(".template.json").rpartition("-")[2]: file.read_text()
            for file in sorted(Path(folder).glob("*.template.json"))
        }


@cache
def texts_of(chosen: EnvironmentSettings) -> dict[str, str]:
    """The same, written once a session."""
    return synthesized(chosen)


def chosen(name: str) -> EnvironmentSettings:
    """A known environment, or the one that runs its applications on machines."""
    return replace(settings("staging"), compute="ec2") if name == ON_EC2 else settings(name)


def texts(name: str) -> dict[str, str]:
    """Of one of these environments."""
    return texts_of(chosen(name))


def template(name: str, stack: str) -> Template:
    """One stack's template of one of these environments."""
    parsed: Template = json.loads(texts(name)[stack])
    return parsed


def linted(written: dict[str, str]) -> list[str]:
    """What CloudFormation's linter finds, by stack."""
    return [
        f"{stack}: {match}"
        for stack, text in written.items()
        for match in lint(text, config=LINTER)
    ]


def resources(template: Template, kind: str) -> Iterator[tuple[str, Template]]:
    """Logical ids and resources of one type."""
    for logical_id, resource in template["Resources"].items():
        if resource["Type"] == kind:
            yield logical_id, resource
