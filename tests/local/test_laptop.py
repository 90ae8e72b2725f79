"""The plan of a stack: what each process is told, and what it is never told."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path

import pytest

from contracts.topics import TOPICS, Topic
from local.artefacts.code_zip import CodeZip
from local.home import Home
from local.java.runtime import JavaHome
from local.kafka.broker import properties, render
from local.kafka.topics import settings
from local.laptop import Installed, StartOptions, plan, with_valkey_of
from local.ports import claim
from local.profile import Profile, new_profile, with_all_ports
from local.spark import application_names
from local.supervisor.plan import Part, Plan
from local.valkey.node import configuration

JAVA = JavaHome(Path("/java"), Path("/java/bin/real"))


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "a home")


def whole(
    home: Home,
    profile: Profile,
    options: StartOptions | None = None,
    sha: str = "s",
    java: JavaHome = JAVA,
) -> Plan:
    code = CodeZip(home.code / "code.zip", sha)
    installed = Installed(java, Path("/jars"), (Path("/jars/x.jar"),), code)
    return plan(home, profile, installed, options or StartOptions())


def parts(
    home: Home, profile: Profile, options: StartOptions | None = None, sha: str = "s"
) -> dict[str, Part]:
    return named(whole(home, profile, options, sha))


def named(plan: Plan) -> dict[str, Part]:
    return {part.name: part for part in plan.parts}


@pytest.mark.parametrize(
    ("brokers", "names"),
    [
        pytest.param(1, ["kafka-1"], id="one broker"),
        pytest.param(3, ["kafka-1", "kafka-2", "kafka-3"], id="three brokers"),
    ],
)
def test_parts_and_their_order(home: Home, brokers: int, names: list[str]) -> None:
    made = parts(home, new_profile(brokers, claim))
    shards = ["valkey-1", "valkey-2", "valkey-3"]
    tasks = ["topics", "tables", "valkey-cluster"]
    assert list(made) == [*names, "postgres", *shards, *tasks, "spark"]
    assert made["topics"].after == tuple(names)
    assert made["valkey-cluster"].after == tuple(shards)
    assert made["spark"].after == tuple(tasks)


def test_each_shard_may_have_a_copy(home: Home) -> None:
    made = parts(home, new_profile(1, claim, replicas=1))
    copies = [name for name in made if name.endswith("-replica")]
    assert copies == ["valkey-1-replica", "valkey-2-replica", "valkey-3-replica"]


def test_a_shard_more_restarts_nothing_but_the_task_that_lets_it_in(home: Home) -> None:
    profile = new_profile(1, claim)
    grown = with_all_ports(replace(profile, shards=4), claim)
    standing = whole(
        home,
        profile,
        StartOptions(crash_order=Path("/order"), accept_new_topic=True),
        java=JavaHome(Path("/another"), Path("/another/bin/java")),
    )
    more = with_valkey_of(standing, home, grown)
    old, new = named(standing), named(more)
    assert {name for name in new if old.get(name) != new[name]} == {"valkey-4", "valkey-cluster"}
    assert new["valkey-4"] == parts(home, grown)["valkey-4"]
    assert new["valkey-cluster"].after == grown.valkey_nodes
    assert with_valkey_of(more, home, profile) == standing


def test_a_stack_without_spark_gets_none_with_a_shard(home: Home) -> None:
    profile = new_profile(1, claim)
    grown = with_all_ports(replace(profile, shards=4), claim)
    standing = whole(home, profile, StartOptions(spark=False))
    assert "spark" not in named(with_valkey_of(standing, home, grown))


def test_the_password_of_valkey_is_on_no_command_line(home: Home) -> None:
    profile = new_profile(1, claim)
    for part in parts(home, profile).values():
        assert not [word for word in part.argv if profile.password in word]
    assert profile.password in configuration(profile, "valkey-1", home.valkey("valkey-1"))


def test_kafka_and_postgres_run_without_the_applications(home: Home) -> None:
    assert "spark" not in parts(home, new_profile(1, claim), StartOptions(spark=False))


def test_every_process_gets_the_mark_and_nothing_of_the_shell(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    profile = new_profile(1, claim)
    for part in parts(home, profile).values():
        assert part.environment["SHOPSTREAM_STACK"] == profile.stack_id
        assert not [name for name in part.environment if name.startswith("AWS_")]


def test_the_applications_run_from_the_zip_and_never_from_the_tree(home: Home) -> None:
    spark = parts(home, new_profile(1, claim))["spark"]
    assert spark.environment["PYTHONPATH"] == str(home.code / "code.zip")
    assert spark.argv[1:4] == ("-P", "-m", "emr_jobs")


def test_new_code_replaces_the_applications_and_runs_the_tasks_again(home: Home) -> None:
    profile = new_profile(1, claim)
    old, new = parts(home, profile, sha="1"), parts(home, profile, sha="2")
    assert {name for name in old if old[name] != new[name]} == {
        *("topics", "tables", "valkey-cluster", "spark"),
    }


def test_what_spark_is_told_survives_spaces_in_a_path(home: Home) -> None:
    words = shlex.split(
        parts(home, new_profile(1, claim))["spark"].environment["PYSPARK_SUBMIT_ARGS"]
    )
    assert words[-1] == "pyspark-shell"
    settings = dict(word.split("=", 1) for word in words if word.startswith("spark."))
    assert settings["spark.ui.enabled"] == "false"
    assert (
        "-Dorg.apache.avro.limits.bytes.maxLength=2097152"
        in settings["spark.driver.extraJavaOptions"]
    )


@pytest.mark.parametrize(
    ("options", "arguments"),
    [
        pytest.param(StartOptions(), [], id="nothing asked for"),
        pytest.param(StartOptions(take_over=True), ["--take-over"], id="take over"),
        pytest.param(
            StartOptions(crash_order=Path("/m")),
            ["--crash-order=/m"],
            id="where crashes are ordered",
        ),
    ],
)
def test_what_is_asked_for_reaches_the_applications(
    home: Home, options: StartOptions, arguments: list[str]
) -> None:
    profile = new_profile(1, claim)
    usual = parts(home, profile)["spark"].argv
    assert list(parts(home, profile, options)["spark"].argv[len(usual) :]) == arguments
    assert set(application_names()) <= set(usual)


@pytest.mark.parametrize(
    ("brokers", "replicas", "in_sync"),
    [pytest.param(1, "1", "1", id="one"), pytest.param(3, "3", "2", id="three")],
)
def test_a_broker_s_configuration(home: Home, brokers: int, replicas: str, in_sync: str) -> None:
    profile = new_profile(brokers, claim)
    values = properties(profile, 1, home.kafka(1))
    assert values["default.replication.factor"] == replicas
    assert values["offsets.topic.replication.factor"] == replicas
    assert values["min.insync.replicas"] == in_sync
    assert values["auto.create.topics.enable"] == "false"
    assert values["log.message.timestamp.type"] == "LogAppendTime"
    assert len(values["controller.quorum.voters"].split(",")) == brokers
    assert "0.0.0.0" not in render(values)


def test_each_node_listens_on_its_own_ports(home: Home) -> None:
    profile = new_profile(3, claim)
    listeners = {properties(profile, node, home.kafka(node))["listeners"] for node in profile.nodes}
    assert len(listeners) == 3


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
@pytest.mark.parametrize("brokers", [1, 3])
def test_topics_are_made_as_the_contracts_say(topic: Topic, brokers: int) -> None:
    made = settings(topic, brokers)
    assert made["num_partitions"] == topic.laptop_partitions
    assert made["replication_factor"] == (3 if brokers == 3 else 1)
    configs = made["configs"]
    assert isinstance(configs, dict)
    assert configs["retention.ms"] == str(topic.retention.days * 86_400_000)


def test_a_plan_is_the_same_for_the_same_arguments(home: Home) -> None:
    profile = new_profile(1, claim)
    assert parts(home, profile) == parts(home, replace(profile))
