"""Examples that are left in the settings are named, each with the setting to change."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cdk.settings import EnvironmentSettings, settings
from cdk.settings.parts import ReplicationSource, TokenIssuer
from cdk.settings.placeholders import is_example_domain, placeholders

SUBNETS = ("subnet-0a", "subnet-0b")
GOOD = replace(
    settings("production"),
    tokens=TokenIssuer(issuer="https://login.our-shop.eu/", audience="api"),
    alarm_email="operators@our-shop.eu",
)


def source(account: str) -> ReplicationSource:
    arn = f"arn:aws:kafka:eu-west-1:{account}:cluster/shopstream-production-kafka/0f0e-1"
    return ReplicationSource(cluster_arn=arn, subnets=SUBNETS)


@pytest.mark.parametrize(
    ("chosen", "named"),
    [
        pytest.param(settings("dev"), [], id="dev as it is"),
        pytest.param(settings("production"), ["tokens", "alarm_email"], id="production as it is"),
        pytest.param(settings("staging"), ["tokens", "alarm_email"], id="staging as it is"),
        pytest.param(GOOD, [], id="everything set"),
        pytest.param(
            replace(settings("production"), api="cognito", alarm_email="me@our-shop.eu"),
            [],
            id="a user pool needs no issuer",
        ),
        pytest.param(
            replace(settings("production"), api="none", alarm_email="me@our-shop.eu"),
            [],
            id="neither does a shop without an API",
        ),
        pytest.param(
            replace(GOOD, alarm_email="me@mail.example.org"), ["alarm_email"], id="an address"
        ),
        pytest.param(replace(GOOD, replicate_from=source("210987654321")), [], id="a real account"),
        pytest.param(
            replace(GOOD, account="123456789012", region="eu-central-1"),
            ["account"],
            id="an account to deploy to that nobody has",
        ),
        pytest.param(
            replace(GOOD, replicate_from=source("111122223333")),
            ["replicate_from.cluster_arn"],
            id="an account of AWS's examples",
        ),
        pytest.param(
            replace(GOOD, replicate_from=source("999999999999")),
            ["replicate_from.cluster_arn"],
            id="an account that nobody has",
        ),
    ],
)
def test_every_example_is_named_at_once(chosen: EnvironmentSettings, named: list[str]) -> None:
    assert [name for name, _ in placeholders(chosen)] == named


@pytest.mark.parametrize(
    ("domain", "example"),
    [
        ("example.com", True),
        ("login.EXAMPLE.net", True),
        ("shop.example", True),
        ("shop.test.", True),
        ("host.invalid", True),
        ("localhost", True),
        ("myexample.com", False),
        ("example.com.shop.eu", False),
        ("contest", False),
        ("", False),
    ],
)
def test_domains_that_are_kept_for_examples(domain: str, example: bool) -> None:
    assert is_example_domain(domain) is example
