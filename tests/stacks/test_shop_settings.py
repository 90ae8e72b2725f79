"""Five templates from a file of the shop's own: its account, network, boundary and tags."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from cdk_nag import AwsSolutionsChecks

from cdk.outputs import OUTPUTS
from cdk.settings import EnvironmentSettings
from cdk.settings.file import chosen_settings
from cdk.settings.placeholders import placeholders
from ops.settings import process_environment
from tests.architecture.tree import ROOT
from tests.stacks.shipped import write_assets
from tests.stacks.templates import assemble, linted, resources, synthesized, texts

FILE = """
account = "210987654321"
region = "eu-central-1"
zones = ["eu-central-1a", "eu-central-1b", "eu-central-1c"]
api = "cognito"
alarm_email = "operators@our-shop.eu"
vpc_id = "vpc-0000000a"
vpc_cidr = "10.9.0.0/16"
vpc_subnets = ["subnet-0000000a", "subnet-0000000b", "subnet-0000000c"]
permissions_boundary = "shop-boundary"
assets_key = "arn:aws:kms:eu-central-1:210987654321:key/0f0e"
tags.team = "data"
"""


@cache
def chosen() -> EnvironmentSettings:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "shop.toml"
        file.write_text(FILE)
        return chosen_settings("production", file)


@cache
def written() -> dict[str, str]:
    return synthesized(chosen(), AwsSolutionsChecks())


def every(kind: str) -> list[tuple[str, dict[str, object]]]:
    return [
        (logical_id, each["Properties"])
        for text in written().values()
        for logical_id, each in resources(json.loads(text), kind)
    ]


def test_nothing_is_an_example_and_five_sound_templates_are_written() -> None:
    assert list(placeholders(chosen())) == []
    assert set(written()) == {"network", "data", "functions", "processing", "observability"}
    assert linted(written()) == []


def test_the_command_refuses_credentials_of_another_account(tmp_path: Path) -> None:
    assemble(chosen(), str(tmp_path))
    artifacts = json.loads((tmp_path / "manifest.json").read_text())["artifacts"]
    places = {each["environment"] for each in artifacts.values() if "environment" in each}
    assert places == {"aws://210987654321/eu-central-1"}
    again = {
        file.name.removesuffix(".template.json").rpartition("-")[2]: file.read_text()
        for file in tmp_path.glob("*.template.json")
    }
    assert again == written(), "the same settings give the same bytes"


def test_the_network_is_the_shops() -> None:
    for kind in ("VPC", "Subnet", "NatGateway", "InternetGateway", "RouteTable", "FlowLog"):
        assert every(f"AWS::EC2::{kind}") == []
    endpoints = every("AWS::EC2::VPCEndpoint")
    assert endpoints
    for name, endpoint in endpoints:
        assert endpoint["VpcId"] == "vpc-0000000a", name
        assert endpoint["SubnetIds"] == list(chosen().vpc_subnets), name
    (kafka,) = (each for _, each in every("AWS::MSK::Cluster"))
    assert '"subnet-0000000a", "subnet-0000000b", "subnet-0000000c"' in json.dumps(kafka)


def test_every_role_has_the_boundary() -> None:
    roles = every("AWS::IAM::Role")
    assert len(roles) > 10
    for name, role in roles:
        assert "policy/shop-boundary" in json.dumps(role.get("PermissionsBoundary")), name


def test_what_can_have_tags_has_the_shops() -> None:
    for kind in ("AWS::MSK::Cluster", "AWS::S3::Bucket", "AWS::Lambda::Function", "AWS::IAM::Role"):
        for name, each in every(kind):
            assert '"team"' in json.dumps(each["Tags"]), name


def test_what_reads_uploads_may_use_their_key() -> None:
    allowed = [
        name
        for name, policy in every("AWS::IAM::Policy")
        if str(chosen().assets_key) in json.dumps(policy)
    ]
    readers = ("Controller", "Confirmation", "EmrRoleingest", "EmrRoleorders", "EmrRoleclicks")
    for reader in readers:
        assert any(name.startswith(reader) for name in allowed), reader
    assert len(allowed) == len(readers)


def told(texts: dict[str, str]) -> set[str]:
    """Outputs that are for people: the others are for the other stacks."""
    return {
        name
        for text in texts.values()
        for name, output in json.loads(text).get("Outputs", {}).items()
        if "Description" in output
    }


def test_people_find_what_was_made_by_named_outputs() -> None:
    assert told(written()) == set(OUTPUTS)
    assert told(texts("production")) == set(OUTPUTS) - {"ReadersPool", "ReadersClient"}
    page = (ROOT / "docs" / "deploy.md").read_text()
    documented = dict(re.findall(r"^\| `(\w+)` \| \w+ \| (.+) \|$", page, re.MULTILINE))
    assert documented == dict(OUTPUTS)


def test_the_app_takes_the_file_and_writes_the_same(tmp_path: Path) -> None:
    write_assets(tmp_path / "build" / "assets")
    (tmp_path / "shop.toml").write_text(f'environment = "production"\n{FILE}')
    out = tmp_path / "cdk.out"
    context = json.dumps({"environment": "production", "settings": "shop.toml"})
    subprocess.run(
        [sys.executable, str(ROOT / "app.py")],
        cwd=tmp_path,
        env=process_environment(
            CDK_OUTDIR=str(out), CDK_CONTEXT_JSON=context, PYTHONPATH=str(ROOT)
        ),
        check=True,
        timeout=300,
    )
    found = {
        file.name.removesuffix(".template.json").rpartition("-")[2]: file.read_text()
        for file in out.glob("*.template.json")
    }
    assert found == written()
