"""A TOML file of the shop's own changes what it names, and is refused whole when it is wrong."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cdk.settings import EnvironmentSettings, settings
from cdk.settings.file import chosen_settings
from cdk.settings.parts import InvalidSettings, KafkaSettings, ReplicationSource, TokenIssuer
from contracts.aws.spark_submit import Sizes

PRODUCTION = settings("production")
CLUSTER = "arn:aws:kafka:eu-west-1:210987654321:cluster/shopstream-production-kafka/0f0e-1"


def read(folder: Path, text: str, environment: str | None = "production") -> EnvironmentSettings:
    file = folder / "shop.toml"
    file.write_text(text)
    return chosen_settings(environment, file)


@pytest.mark.parametrize(
    ("text", "changed"),
    [
        pytest.param("", {}, id="nothing"),
        pytest.param('alarm_email = "a@our-shop.eu"', {"alarm_email": "a@our-shop.eu"}, id="text"),
        pytest.param("deletion_protection = false", {"deletion_protection": False}, id="a truth"),
        pytest.param('api = "cognito"', {"api": "cognito"}, id="one of several"),
        pytest.param(
            'zones = ["eu-west-1a", "eu-west-1b", "eu-west-1c"]',
            {"zones": ("eu-west-1a", "eu-west-1b", "eu-west-1c")},
            id="a list",
        ),
        pytest.param("kafka.brokers = 6", {"kafka": KafkaSettings(brokers=6)}, id="of a part"),
        pytest.param(
            "[postgres]\nmax_capacity = 8",
            {"postgres": replace(PRODUCTION.postgres, max_capacity=8)},
            id="a part keeps what is not named",
        ),
        pytest.param(
            '[tokens]\nissuer = "https://a.eu/"\naudience = "b"',
            {"tokens": TokenIssuer(issuer="https://a.eu/", audience="b")},
            id="a whole part",
        ),
        pytest.param(
            f'[replicate_from]\ncluster_arn = "{CLUSTER}"\nsubnets = ["subnet-a", "subnet-b"]',
            {
                "replicate_from": ReplicationSource(
                    cluster_arn=CLUSTER, subnets=("subnet-a", "subnet-b")
                )
            },
            id="a part that nothing had set",
        ),
        pytest.param(
            "triggers.orders = 10",
            {"triggers": tuple({**dict(PRODUCTION.triggers), "orders": 10}.items())},
            id="one trigger",
        ),
        pytest.param(
            "sizes.clicks.executors = 2",
            {
                "sizes": tuple(
                    {
                        **dict(PRODUCTION.sizes),
                        "clicks": replace(dict(PRODUCTION.sizes)["clicks"], executors=2),
                    }.items()
                )
            },
            id="one size of one application",
        ),
        pytest.param(
            "usual_batch_seconds.orders = 4.5",
            {"usual_batch_seconds": (("orders", 4.5),)},
            id="a number",
        ),
        pytest.param('[tags]\nteam = "data"', {"tags": (("team", "data"),)}, id="a tag"),
    ],
)
def test_it_changes_what_it_names(text: str, changed: dict[str, Any], tmp_path: Path) -> None:
    assert read(tmp_path, text) == replace(PRODUCTION, **changed)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("alarm_mail = 'a'", ["alarm_mail: unknown; known: account, alarm_email,"]),
        ("kafka.broker = 3", ["kafka.broker: unknown; known: broker_type, brokers, replicated"]),
        ("kafka = 3", ["kafka: must be a table"]),
        ("kafka.brokers = 4", ["kafka: kafka.brokers 4: a multiple of 3"]),
        ("monthly_budget = '3'", ["monthly_budget: must be a whole number"]),
        ("monthly_budget = true", ["monthly_budget: must be a whole number"]),
        ("zones = 'eu-west-1a'", ["zones: must be a list of texts"]),
        ("compute = 'lambda'", ["compute: must be one of ec2, serverless"]),
        ("triggers.orders = 1.5", ["triggers: orders must be a whole number"]),
        ("tags.team = 1", ["tags: team must be a text"]),
        ("sizes.orders.cores = 1", ["sizes.orders.cores: unknown"]),
        ("triggers.visits = 5", ["triggers name ['clicks', 'ingest', 'orders', 'visits']"]),
        ("vpc_cidr = '8.8.0.0/16'", ["a private range"]),
        ("replicate_from.subnets = ['subnet-a', 'subnet-b']", ["replicate_from: ", "cluster_arn"]),
        ("a = 1\nkafka.b = 2\nlog_days = 'c'", ["a: unknown", "kafka.b: unknown", "log_days: mu"]),
        ("alarm_email =", ["shop.toml: Invalid value"]),
        ("environment = 'dev'", ["is of the environment 'dev', not of 'production'"]),
    ],
)
def test_what_is_wrong_is_named_all_at_once(text: str, says: list[str], tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings) as raised:
        read(tmp_path, text)
    said = str(raised.value)
    assert str(tmp_path / "shop.toml") in said
    for each in says:
        assert each in said


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings, match=r"none\.toml"):
        chosen_settings("dev", tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("named", "text", "found"),
    [
        (None, "", "dev"),
        (None, 'environment = "staging"', "staging"),
        ("staging", 'environment = "staging"', "staging"),
        ("staging", "", "staging"),
    ],
)
def test_the_file_may_name_its_environment(
    named: str | None, text: str, found: str, tmp_path: Path
) -> None:
    assert read(tmp_path, text, named).environment == found
    assert chosen_settings(named or found, None) == settings(found)


def test_sizes_of_an_application_without_any_begin_with_the_usual(tmp_path: Path) -> None:
    assert Sizes().executors == 2
    with pytest.raises(InvalidSettings, match="sizes name"):
        read(tmp_path, "sizes.visits.executors = 1")
