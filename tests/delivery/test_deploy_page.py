"""docs/deploy.md: what can be checked without an account is checked."""

from __future__ import annotations

import json
import re

import botocore.session
import pytest
from botocore import xform_name

from lambdas.query_api.logic import PATHS
from tests.architecture.test_docs import code_of
from tests.architecture.tree import ROOT
from tests.stacks.templates import texts

PAGE = (ROOT / "docs" / "deploy.md").read_text()
KEPT = json.loads((ROOT / "tests" / "stacks" / "kept_ids.json").read_text())
# Of the command line itself, with every operation.
GLOBAL = {"cli-binary-format", "output", "query", "region"}
# The command line has another name for it.
SERVICES = {"s3api": "s3"}
# Not an operation of the service, but a command made of several.
MADE_OF_SEVERAL = {
    ("cloudformation", "deploy"): {
        "capabilities",
        "parameter-overrides",
        "stack-name",
        "template-file",
    },
    ("sso", "login"): set[str](),
}


def calls(program: str, code: str) -> list[tuple[str, str, set[str]]]:
    """The first two words after `program` and the names of the options, for each call."""
    found = re.findall(
        rf"(?:^|[\s(/]){program} ([a-z][a-z0-9-]*)(?: ([a-z][a-z0-9-]*))?([^\n)|]*)",
        code.replace("\\\n", " "),
        re.MULTILINE,
    )
    return [
        (first, second, set(re.findall(r"(?:^|\s)--([a-z-]+)", rest)))
        for first, second, rest in found
    ]


def commands(program: str, text: str) -> list[tuple[str, str, set[str]]]:
    """The calls in the code of a page."""
    return calls(program, "\n".join(code_of(text)))


def unknown_to_aws(service: str, operation: str, options: set[str]) -> set[str]:
    """What of a call the service does not know, by botocore's own model of it."""
    known = MADE_OF_SEVERAL.get((service, operation))
    if known is None:
        model = botocore.session.get_session().get_service_model(SERVICES.get(service, service))
        operations = {xform_name(name, "-"): name for name in model.operation_names}
        if operation not in operations:
            return {operation}
        shape = model.operation_model(operations[operation]).input_shape
        known = {xform_name(member, "-") for member in (shape.members if shape else ())}
    return {option for option in options - GLOBAL if option.removeprefix("no-") not in known}


@pytest.mark.parametrize(("service", "operation", "options"), commands("aws", PAGE))
def test_every_call_of_aws_exists(service: str, operation: str, options: set[str]) -> None:
    assert unknown_to_aws(service, operation, options) == set()


@pytest.mark.parametrize(
    ("call", "unknown"),
    [
        ("aws kafka get-bootstrap-brokers --cluster-arn A --output text", set()),
        ("x=$(aws kafka get-bootstrap-brokers \\\n --cluster A)", {"cluster"}),
        ("aws kafka get-brokers", {"get-brokers"}),
        ("aws rds modify-db-cluster --no-deletion-protection", set()),
    ],
)
def test_what_aws_does_not_know_is_seen(call: str, unknown: set[str]) -> None:
    ((service, operation, options),) = commands("aws", f"```sh\n{call}\n```")
    assert unknown_to_aws(service, operation, options) == unknown


def test_every_name_of_ours_is_one_that_the_templates_give() -> None:
    """A stack's, or a physical one."""
    named = set(re.findall(r"shopstream-dev-[a-z]+", PAGE))
    assert named
    given = {f"shopstream-dev-{stack}" for stack in texts("dev")}
    written = "\n".join(texts("dev").values())
    assert {name for name in named - given if f'"{name}"' not in written} == set()


def test_every_kind_of_resource_that_is_kept_has_a_way_to_go() -> None:
    rows = re.findall(r"^\| (`AWS::.+?) \| .+ \|$", PAGE, re.MULTILINE)
    assert set(re.findall(r"`(AWS::\w+::\w+)`", "\n".join(rows))) == set(KEPT.values())


def test_every_path_of_the_api_is_answered() -> None:
    asked = re.findall(r'"\$api(/[a-z/]+)', PAGE)
    assert asked
    assert set(asked) <= set(PATHS)


def test_it_is_found_from_the_first_pages() -> None:
    for page, link in (("README.md", "docs/deploy.md"), ("docs/architecture.md", "deploy.md")):
        assert f"({link})" in (ROOT / page).read_text(), page
