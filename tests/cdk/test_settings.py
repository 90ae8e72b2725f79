"""EnvironmentSettings that AWS or the platform would refuse cannot be made."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cdk.settings import ENVIRONMENTS, settings
from cdk.settings.parts import (
    EmrSettings,
    InvalidSettings,
    KafkaSettings,
    LakeSettings,
    PostgresSettings,
    ReplicationSource,
    TokenIssuer,
    ValkeySettings,
)
from contracts.aws.spark_submit import Sizes

DEV = settings("dev")
CLUSTER = "arn:aws:kafka:eu-west-1:111122223333:cluster/shopstream-production-kafka/0f0e-1"
MOON = CLUSTER.replace("eu-west-1", "moon")
NETWORK: dict[str, Any] = {
    "vpc_id": "vpc-0000000a",
    "zones": ("eu-central-1a", "eu-central-1b", "eu-central-1c"),
    "vpc_subnets": ("subnet-0000000a", "subnet-0000000b", "subnet-0000000c"),
}
SUBNETS = ("subnet-0a", "subnet-0b")


def sized(**orders: Any) -> tuple[tuple[str, Sizes], ...]:
    """The usual sizes, but for the application `orders`."""
    return tuple({**dict(DEV.sizes), "orders": Sizes(**orders)}.items())


@pytest.mark.parametrize("name", sorted(ENVIRONMENTS))
def test_each_known_environment_is_found_by_its_name(name: str) -> None:
    assert settings(name).environment == name


def test_an_environment_that_is_refused_leaves_the_others_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(ENVIRONMENTS, "staging", lambda: replace(DEV, monthly_budget=0))
    assert settings("production").environment == "production"
    with pytest.raises(InvalidSettings, match="above 0 USD"):
        settings("staging")


def test_an_unknown_environment_is_told_the_known_ones() -> None:
    with pytest.raises(InvalidSettings, match="known: dev, staging, production"):
        settings("prod")


@pytest.mark.parametrize(
    ("kind", "given", "says"),
    [
        (PostgresSettings, {"min_capacity": float("nan")}, "min_capacity <= max_capacity"),
        (PostgresSettings, {"max_capacity": float("inf")}, "min_capacity <= max_capacity"),
        (TokenIssuer, {"issuer": "https://"}, "with a host"),
        (KafkaSettings, {"brokers": 4}, "a multiple of 3"),
        (KafkaSettings, {"brokers": 0}, "a multiple of 3"),
        (KafkaSettings, {"broker_type": "kafka.m5.large"}, "an Express type"),
        (ValkeySettings, {"node_type": "cache.t4g.gigantic"}, "such as cache.t4g.small"),
        (ValkeySettings, {"node_type": "t4g.small"}, "such as cache.t4g.small"),
        (ValkeySettings, {"shards": 0}, "1 to 90"),
        (ValkeySettings, {"replicas": 6}, "0 to 5"),
        (ValkeySettings, {"version": "7.2"}, "at least 8.0"),
        (ValkeySettings, {"version": "9.0.1"}, "such as 9.0"),
        (PostgresSettings, {"version": "15.8"}, "at least 16"),
        (PostgresSettings, {"version": "18"}, "such as 18.4"),
        (PostgresSettings, {"min_capacity": 0}, "0.5 <= min_capacity"),
        (PostgresSettings, {"min_capacity": 0.7}, "steps of 0.5"),
        (PostgresSettings, {"min_capacity": 8}, "min_capacity <= max_capacity"),
        (PostgresSettings, {"backup_days": 36}, "1 to 35"),
        (EmrSettings, {"core_units": 1}, "2 or more"),
        (EmrSettings, {"primary_type": "m7i.xlarge"}, "of one processor"),
        (LakeSettings, {"snapshot_hours": 23}, "24 or more"),
        (LakeSettings, {"infrequent_after_days": 29}, "S3 asks for 30"),
        (LakeSettings, {"backup_days": -1}, "0 or more"),
        (ReplicationSource, {"cluster_arn": "other", "subnets": SUBNETS}, "ARN of a Kafka cluster"),
        (ReplicationSource, {"cluster_arn": MOON, "subnets": SUBNETS}, "ARN of a Kafka cluster"),
        (ReplicationSource, {"cluster_arn": CLUSTER, "subnets": SUBNETS[:1]}, "two or three"),
        (ReplicationSource, {"cluster_arn": CLUSTER, "subnets": ("a", "b")}, "two or three"),
        (TokenIssuer, {"issuer": "http://a.example", "audience": "b"}, "https only"),
    ],
)
def test_a_part_refuses(kind: Any, given: dict[str, Any], says: str) -> None:
    with pytest.raises(InvalidSettings, match=says):
        kind(**given)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"environment": "prod"}, "one of dev, staging, production"),
        ({"vpc_cidr": "10.40.0.0/24"}, "from /16 to /20"),
        ({"vpc_cidr": "8.8.0.0/16"}, "a private range"),
        ({"vpc_cidr": "ten"}, "vpc_cidr"),
        ({"triggers": (("orders", 5),)}, "triggers name"),
        ({"sizes": (("orders", Sizes()),)}, "sizes name"),
        ({"triggers": (*DEV.triggers[1:], ("ingest", 0))}, "1 to 600"),
        ({"sizes": sized(driver_cores=3)}, "size of orders: 3 cores, .* 1, 2, 4, 8, 16"),
        ({"sizes": sized(executor_memory="15g")}, "size of orders: 15g is 17 GB"),
        ({"sizes": sized(executor_memory="9000g")}, "2 cores have 16"),
        ({"sizes": sized(driver_memory="3072m")}, "whole gigabytes"),
        ({"zones": ("eu-central-1a", "eu-central-1b")}, "3 different ones"),
        ({"zones": ("eu-central-1a",) * 3}, "3 different ones"),
        ({"zones": ("euc1-az1", "euc1-az2", "euc1-az3")}, "names of one region"),
        ({"zones": ("eu-central-1a", "eu-central-1b", "eu-west-1c")}, "names of one region"),
        ({"account": "210987654321"}, "both, or neither"),
        ({"account": "2109", "region": "eu-central-1"}, "12 digits"),
        ({"account": "210987654321", "region": "frankfurt"}, "such as eu-central-1"),
        (
            {"account": "210987654321", "region": "eu-west-1", "zones": NETWORK["zones"]},
            "not in eu-west-1",
        ),
        ({"permissions_boundary": "arn:aws:iam::1:policy/a"}, "the name of a policy"),
        ({"tags": (("environment", "x"),)}, "tags name environment: reserved"),
        ({"tags": (("aws:x", "x"),)}, "reserved"),
        ({"tags": (("AWS:x", "x"),)}, "reserved"),
        ({"tags": tuple((f"a{each}", "x") for each in range(41))}, "at most 40"),
        ({"vpc_subnets": NETWORK["vpc_subnets"]}, "only with a vpc_id"),
        ({**NETWORK, "vpc_id": "mine"}, "such as vpc-0a1b2c3d"),
        ({**NETWORK, "zones": ()}, "name 3 zones"),
        ({**NETWORK, "vpc_subnets": ("subnet-0000000a",) * 3}, "a private subnet of each"),
        ({**NETWORK, "compute": "ec2"}, "asks for tags on the network"),
        ({"assets_key": "alias/mine"}, "ARN of a KMS key"),
        ({"usual_batch_seconds": (("visits", 3),)}, "usual_batch_seconds name 'visits'"),
        ({"usual_batch_seconds": (("orders", 0),)}, "of orders: above 0"),
        ({"monthly_budget": 0}, "above 0 USD"),
        ({"alarm_email": "nobody"}, "is not an address"),
    ],
)
def test_an_environment_refuses(given: dict[str, Any], says: str) -> None:
    with pytest.raises(InvalidSettings, match=says):
        replace(DEV, **given)


@pytest.mark.parametrize(
    "given",
    [
        NETWORK,
        {"account": "210987654321", "region": "eu-central-1", "zones": NETWORK["zones"]},
        {"tags": tuple((f"a{each}", "x") for each in range(40))},
        {"vpc_cidr": "10.40.0.0/16"},
        {"vpc_cidr": "10.40.0.0/20"},
        {"triggers": (*DEV.triggers[2:], ("ingest", 600), ("orders", 1))},
        {"sizes": sized(executor_memory="14g", driver_cores=16, driver_memory="109g")},
        {"sizes": sized(driver_cores=3, executor_memory="15g"), "compute": "ec2"},
    ],
    ids=[
        "a network that exists",
        "zones of the region",
        "as many tags as fit",
        "the largest network",
        "the smallest network",
        "triggers at both ends",
        "the largest workers",
        "cores of a cluster are any number",
    ],
)
def test_the_boundaries_are_within(given: dict[str, Any]) -> None:
    replace(DEV, **given)


def of(instance_type: str) -> EmrSettings:
    types = (instance_type,)
    return EmrSettings(primary_type=instance_type, core_types=types, task_types=types)


@pytest.mark.parametrize(
    ("instance_type", "processor"),
    [
        ("r7g.xlarge", "arm64"),
        ("r8gd.xlarge", "arm64"),
        ("im4gn.xlarge", "arm64"),
        ("m7i.xlarge", "x86_64"),
        ("g5.xlarge", "x86_64"),
    ],
)
def test_the_processor_is_that_of_the_machines(instance_type: str, processor: str) -> None:
    assert replace(DEV, compute="ec2", emr=of(instance_type)).processor == processor
    assert replace(DEV, compute="serverless", emr=of(instance_type)).processor == "arm64"
