"""Tables of checks: what they take, and that an application which joins is in them."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

# First: it says which Node the library starts.
import tests.stacks.templates  # noqa: F401 - its import decides

# isort: split
from cdk.monitoring import applications as monitoring_applications
from cdk.monitoring.alarms import AlarmDefinition, published
from cdk.monitoring.applications import application_alarms
from cdk.monitoring.stores import kafka_alarms, postgres_alarms, valkey_alarms
from cdk.settings import EnvironmentSettings, settings
from cdk.settings.parts import KafkaSettings, PostgresSettings
from contracts.applications import APPLICATIONS, Application
from contracts.metrics import Dimension, MetricName
from contracts.topics import CLICKS, PROMOTIONS

STAGING = settings("staging")
JOINING = Application("visits", (CLICKS, PROMOTIONS), (), 5, 15, 200_000)


def by_name(checks: object) -> dict[str, AlarmDefinition]:
    assert isinstance(checks, list)
    return {check.name: check for check in checks}


def applications(chosen: EnvironmentSettings) -> dict[str, AlarmDefinition]:
    return by_name(list(application_alarms(chosen)))


@pytest.mark.parametrize(
    ("metric", "dimensions", "message"),
    [
        pytest.param("lag_offsets", {"application": "orders"}, "application, topic", id="less"),
        pytest.param("batch_seconds", {"application": "orders", "topic": "t"}, "not by", id="more"),
    ],
)
def test_a_metric_is_asked_for_by_exactly_its_dimensions(
    metric: MetricName, dimensions: dict[Dimension, str], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        published(metric, "Sum", dimensions)


def test_an_application_that_joins_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(monitoring_applications, "APPLICATIONS", (*APPLICATIONS, JOINING))
    # EnvironmentSettings know the applications of the contracts: made as they will be.
    chosen = replace(STAGING)
    object.__setattr__(chosen, "triggers", (*STAGING.triggers, ("visits", 15)))
    found = {name for name in applications(chosen) if name.startswith("visits-")}
    assert found == {
        "visits-lag-ecommerce-clicks",
        "visits-lag-ecommerce-promotions",
        "visits-freshness",
        "visits-batch-time",
        "visits-drivers",
        "visits-failed-runs",
    }


@pytest.mark.parametrize(
    ("trigger", "batch", "freshness"),
    [
        pytest.param(1, 30, 60, id="a fast one: a minute at least, half of it for a batch"),
        pytest.param(12, 30, 60, id="the last for which a minute is enough"),
        pytest.param(13, 30, 65, id="five triggers"),
        pytest.param(60, 60, 300, id="a slow one"),
    ],
)
def test_time_is_judged_by_the_trigger(trigger: int, batch: int, freshness: int) -> None:
    others = tuple(each for each in STAGING.triggers if each[0] != "orders")
    chosen = replace(STAGING, triggers=(*others, ("orders", trigger)))
    found = applications(chosen)
    assert found["orders-batch-time"].threshold == batch
    assert found["orders-freshness"].threshold == freshness


@pytest.mark.parametrize(
    ("usual", "trigger", "batch"),
    [
        pytest.param(4, 5, 12, id="three times what is usual"),
        pytest.param(4, 60, 60, id="at least the trigger"),
    ],
)
def test_a_batch_is_judged_by_what_was_measured(usual: float, trigger: int, batch: int) -> None:
    others = tuple(each for each in STAGING.triggers if each[0] != "orders")
    chosen = replace(
        STAGING,
        triggers=(*others, ("orders", trigger)),
        usual_batch_seconds=(("orders", usual),),
    )
    assert applications(chosen)["orders-batch-time"].threshold == batch


def test_only_who_writes_alerts_has_an_outbox() -> None:
    assert {name for name in applications(STAGING) if name.endswith("outbox-age")} == {
        f"{app.name}-outbox-age" for app in APPLICATIONS if app.writes
    }


@pytest.mark.parametrize(
    ("sizes", "connections", "gigabytes"),
    [
        pytest.param(PostgresSettings(max_capacity=4), 640, 0.8, id="small"),
        pytest.param(PostgresSettings(max_capacity=16), 1600, 3.2, id="held at 2,000"),
        pytest.param(
            PostgresSettings(min_capacity=1, max_capacity=16), 2560, 3.2, id="a larger minimum"
        ),
    ],
)
def test_postgres_is_judged_by_its_largest_size(
    sizes: PostgresSettings, connections: int, gigabytes: float
) -> None:
    found = by_name(list(postgres_alarms(replace(STAGING, postgres=sizes))))
    assert found["postgres-connections"].threshold == connections
    assert found["postgres-memory"].threshold == pytest.approx(gigabytes * 1024**3, abs=1)


@pytest.mark.parametrize("size", ["large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "16xlarge"])
def test_a_broker_of_every_size_has_its_limits(size: str) -> None:
    kafka = KafkaSettings(broker_type=f"express.m7g.{size}", brokers=6)
    names = by_name(list(kafka_alarms(replace(STAGING, kafka=kafka))))
    assert {name for name in names if name.endswith("throughput")} == {
        f"kafka-{broker}-throughput" for broker in range(1, 7)
    }


@pytest.mark.parametrize(
    ("shards", "replicas", "nodes"),
    [
        pytest.param(1, 0, {"0001-001"}, id="one node"),
        pytest.param(2, 1, {"0001-001", "0001-002", "0002-001", "0002-002"}, id="with replicas"),
    ],
)
def test_every_node_of_valkey_is_looked_at(shards: int, replicas: int, nodes: set[str]) -> None:
    chosen = replace(STAGING, valkey=replace(STAGING.valkey, shards=shards, replicas=replicas))
    checks = list(valkey_alarms(chosen))
    seen = {
        found[0]
        for check in checks
        if (found := re.search(r"\d{4}-\d{3}", repr(check.value))) is not None
    }
    assert seen == nodes
    lagging = {check.name for check in checks if check.heading == "valkey replication lag"}
    assert bool(lagging) == bool(replicas)
