"""The network: three zones, no way in, and the ways out that were chosen."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from cdk.settings import ENVIRONMENTS, Settings, settings
from tests.stacks.templates import Template, resources, synthesized, template

EC2 = settings("staging")
NAT = replace(EC2, internet="nat")


def network(chosen: Settings) -> Template:
    parsed: Template = json.loads(synthesized(chosen)["network"])
    return parsed


@pytest.mark.parametrize("name", sorted(ENVIRONMENTS))
def test_endpoints_alone_have_no_way_to_the_internet(name: str) -> None:
    found = template(name, "network")
    assert len(list(resources(found, "AWS::EC2::Subnet"))) == 3
    for kind in ("AWS::EC2::InternetGateway", "AWS::EC2::NatGateway", "AWS::EC2::EIP"):
        assert list(resources(found, kind)) == []


def test_a_nat_gateway_stands_in_each_zone() -> None:
    found = network(NAT)
    assert len(list(resources(found, "AWS::EC2::NatGateway"))) == 3
    kinds = [
        e["Properties"]["VpcEndpointType"] for _, e in resources(found, "AWS::EC2::VPCEndpoint")
    ]
    assert kinds == ["Gateway"]


@pytest.mark.parametrize(
    ("chosen", "emr"),
    [
        pytest.param(EC2, {"elasticmapreduce", "emr-service-cell01"}, id="EMR on EC2"),
        pytest.param(settings("dev"), {"emr-serverless"}, id="EMR Serverless"),
    ],
)
def test_the_compute_that_was_chosen_can_be_reached(chosen: Settings, emr: set[str]) -> None:
    services = {
        json.dumps(each["Properties"]["ServiceName"]).strip('"]}').rpartition(".")[2]
        for _, each in resources(network(chosen), "AWS::EC2::VPCEndpoint")
    }
    assert {name for name in services if "emr" in name or "elasticmapreduce" in name} == emr


@pytest.mark.parametrize("name", sorted(ENVIRONMENTS))
def test_what_is_refused_is_logged(name: str) -> None:
    (flow,) = (each for _, each in resources(template(name, "network"), "AWS::EC2::FlowLog"))
    assert flow["Properties"]["TrafficType"] == "REJECT"
