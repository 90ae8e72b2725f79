"""One variable, boto3's own, aims every client of AWS. No client has an address in its code."""

from __future__ import annotations

import ast
from pathlib import Path

import boto3
import pytest

from tests.architecture.tree import modules, name, tree

EMULATOR = "http://127.0.0.1:4566"
RUNS = modules("contracts", "emr_jobs", "lambdas", "producer")


def made_in(path: Path) -> list[ast.Call]:
    """Calls that make a client, a resource or a session of boto3 or botocore."""
    return [
        node
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func).split(".")[0] in ("boto3", "botocore")
        and ast.unparse(node.func).split(".")[-1] in ("client", "resource", "Session")
    ]


MADE = [(path, call) for path in RUNS for call in made_in(path)]
SERVICES = sorted(
    {str(arg.value) for _, call in MADE for arg in call.args[:1] if isinstance(arg, ast.Constant)}
)


@pytest.mark.parametrize("path", RUNS, ids=name)
def test_no_client_brings_an_address(path: Path) -> None:
    named = [
        f"line {node.lineno}"
        for node in ast.walk(tree(path))
        if (isinstance(node, ast.keyword) and node.arg == "endpoint_url")
        or (isinstance(node, ast.Constant) and "amazonaws.com" in str(node.value))
    ]
    assert named == []


def test_no_client_is_told_more_than_a_service_a_region_and_how_to_speak() -> None:
    told = {
        f"{name(path)}: {ast.unparse(call)}"
        for path, call in MADE
        for keyword in call.keywords
        if keyword.arg not in ("region_name", "config")
    }
    assert told == set()
    assert set(SERVICES) >= {"emr", "emr-serverless", "glue", "kafka", "logs", "rds", "sns", "ssm"}


@pytest.mark.parametrize("service", SERVICES)
def test_the_variable_aims_each_of_them(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", EMULATOR)
    assert boto3.client(service).meta.endpoint_url == EMULATOR
