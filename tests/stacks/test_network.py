"""The network: three zones, no way in, and the ways out that were chosen."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from cdk.settings import ENVIRONMENTS, EnvironmentSettings, settings
from cdk.settings.parts import PostgresSettings, ValkeySettings
from tests.stacks.templates import ON_EC2, Template, chosen, resources, synthesized, template

EC2 = chosen(ON_EC2)
SUBNET = "AWS::EC2::Subnet"
NAT = replace(EC2, internet="nat")


def network(given: EnvironmentSettings) -> Template:
    parsed: Template = json.loads(synthesized(given)["network"])
    return parsed


@pytest.mark.parametrize("name", sorted(ENVIRONMENTS))
def test_endpoints_alone_have_no_way_to_the_internet(name: str) -> None:
    found = template(name, "network")
    assert len(list(resources(found, SUBNET))) == 3
    for kind in ("AWS::EC2::InternetGateway", "AWS::EC2::NatGateway", "AWS::EC2::EIP"):
        assert list(resources(found, kind)) == []


def test_the_zones_and_the_versions_of_the_stores_are_those_that_are_set() -> None:
    zones = tuple(f"eu-central-1{letter}" for letter in "bcd")
    chosen = replace(
        settings("dev"),
        zones=zones,
        postgres=PostgresSettings(version="17.6"),
        valkey=ValkeySettings(version="8.2"),
    )
    texts = synthesized(chosen)
    made = [each["Properties"] for _, each in resources(json.loads(texts["network"]), SUBNET)]
    assert [each["AvailabilityZone"] for each in made] == list(zones)
    data = json.loads(texts["data"])
    ((_, postgres),) = resources(data, "AWS::RDS::DBCluster")
    assert postgres["Properties"]["EngineVersion"] == "17.6"
    ((_, parameters),) = resources(data, "AWS::RDS::DBClusterParameterGroup")
    assert parameters["Properties"]["Family"] == "aurora-postgresql17"
    ((_, valkey),) = resources(data, "AWS::ElastiCache::ReplicationGroup")
    assert valkey["Properties"]["EngineVersion"] == "8.2"
    assert valkey["Properties"]["CacheParameterGroupName"] == "default.valkey8.cluster.on"


def test_a_nat_gateway_stands_in_each_zone() -> None:
    assert len(list(resources(network(NAT), "AWS::EC2::NatGateway"))) == 3


def services(found: Template) -> set[str]:
    """What has an endpoint: the last word of each service's name."""
    return {
        json.dumps(each["Properties"]["ServiceName"]).strip('"]}').rpartition(".")[2]
        for _, each in resources(found, "AWS::EC2::VPCEndpoint")
    }


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        pytest.param(NAT, {"s3", "emr-service-cell01"}, id="EMR on EC2 needs its cell even so"),
        pytest.param(replace(NAT, compute="serverless"), {"s3"}, id="EMR Serverless needs none"),
    ],
)
def test_behind_nat_gateways_there_are_few_endpoints(
    chosen: EnvironmentSettings, expected: set[str]
) -> None:
    assert services(network(chosen)) == expected


def test_emr_finds_by_their_tag_the_subnets_and_the_door_it_may_use() -> None:
    found = network(EC2)
    tag = {"Key": "for-use-with-amazon-emr-managed-policies", "Value": "true"}
    for _, subnet in resources(found, SUBNET):
        assert tag in subnet["Properties"]["Tags"]
    doors = [
        logical_id
        for logical_id, group in resources(found, "AWS::EC2::SecurityGroup")
        if tag in group["Properties"].get("Tags", ())
    ]
    (cell,) = (
        each["Properties"]["SecurityGroupIds"]
        for _, each in resources(found, "AWS::EC2::VPCEndpoint")
        if "emr-service-cell01" in json.dumps(each["Properties"]["ServiceName"])
    )
    assert cell == [{"Fn::GetAtt": [doors[0], "GroupId"]}]


@pytest.mark.parametrize(
    ("chosen", "emr"),
    [
        pytest.param(EC2, {"elasticmapreduce", "emr-service-cell01"}, id="EMR on EC2"),
        pytest.param(settings("dev"), {"emr-serverless"}, id="EMR Serverless"),
    ],
)
def test_the_compute_that_was_chosen_can_be_reached(
    chosen: EnvironmentSettings, emr: set[str]
) -> None:
    found = services(network(chosen))
    assert {name for name in found if "emr" in name or "elasticmapreduce" in name} == emr


@pytest.mark.parametrize("name", sorted(ENVIRONMENTS))
def test_what_is_refused_is_logged(name: str) -> None:
    (flow,) = (each for _, each in resources(template(name, "network"), "AWS::EC2::FlowLog"))
    assert flow["Properties"]["TrafficType"] == "REJECT"
