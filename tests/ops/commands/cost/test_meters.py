"""What each meter counts, and which of its usages grow with the load."""

from __future__ import annotations

from decimal import Decimal

import pytest

from contracts.aws.spark_submit import Sizes
from ops.commands.cost import machines
from ops.commands.cost.meters import ALIKE, FREE, METERS
from ops.commands.cost.month import LOADS, Month
from tests.ops.commands.cost.environments import environment, planned, used, without

KAFKA, DATABASE, LAKE = "AWS::MSK::Cluster", "AWS::RDS::DBCluster", "AWS::S3::Bucket"
FUNCTION, LOGS, GLUE = "AWS::Lambda::Function", "AWS::Logs::LogGroup", "AWS::Glue::Database"
GROWING = {
    KAFKA: ("msk.connectivity.data", "msk.express.in", "msk.express.storage", "zones.data"),
    LAKE: ("s3.storage", "s3.transition"),
    "AWS::Backup::BackupVault": ("backup.storage",),
    GLUE: ("glue.dpu",),
    DATABASE: ("aurora.acu", "aurora.io"),
    "AWS::SNS::Topic": ("sns.requests",),
    FUNCTION: ("lambda.requests",),
    LOGS: ("logs.in", "logs.storage"),
    "AWS::EC2::VPCEndpoint": ("endpoint.data",),
    "AWS::EC2::NatGateway": ("nat.data",),
}
# Batches come by the clock, so what they cost does not grow with the events in them.
STEADY = {
    KAFKA: ("msk.connectivity.hour", "msk.express.m7g.large.hour", "cloudwatch.metric"),
    LAKE: ("s3.put", "s3.get", "kms.requests"),
    GLUE: ("glue.requests",),
    LOGS: ("cloudwatch.metric",),
    "AWS::KMS::Key": ("kms.key", "kms.requests"),
    "AWS::EC2::VPCEndpoint": ("endpoint.hour",),
    "AWS::ElastiCache::ReplicationGroup": ("valkey.cache.m7g.large.hour",),
    "AWS::EMR::Cluster": ("ec2.r7g.xlarge.hour",),
    "AWS::EMRServerless::Application": ("serverless.arm64.vcpu",),
    "AWS::Lambda::EventSourceMapping": ("cloudwatch.metric", "lambda.poller"),
    "AWS::ApiGatewayV2::Api": ("api.requests",),
}
MONTH = Decimal(730)


@pytest.mark.parametrize(
    ("kind", "price"), [(kind, price) for kind, prices in GROWING.items() for price in prices]
)
def test_grows_with_the_load(kind: str, price: str) -> None:
    low, base, high = (used(kind, name)[price] for name in LOADS)
    assert 0 < low < base < high


@pytest.mark.parametrize(
    ("kind", "price"), [(kind, price) for kind, prices in STEADY.items() for price in prices]
)
def test_is_the_same_at_any_load(kind: str, price: str) -> None:
    (quantity,) = {used(kind, name)[price] for name in LOADS}
    assert quantity > 0


@pytest.mark.parametrize("kind", sorted(METERS.keys() | ALIKE.keys()))
def test_every_metered_type_counts_something(kind: str) -> None:
    assert sum(used(kind).values()) > 0


def test_no_type_is_both_metered_and_free() -> None:
    assert (METERS.keys() | ALIKE.keys()) & FREE.keys() == set()


def test_kafka_by_hand() -> None:
    counted = used(KAFKA)
    # 1,000 events a second of 300 bytes, 788.4 GB in 730 hours; 600 bytes for 0.25 alerts a second.
    assert counted["msk.express.in"] == Decimal("788.7942")
    assert counted["msk.express.m7g.large.hour"] == 3 * MONTH


@pytest.mark.parametrize(
    ("level", "metrics"),
    [
        pytest.param("DEFAULT", 0, id="free"),
        pytest.param("PER_BROKER", 3 * 34, id="by broker"),
        pytest.param("PER_TOPIC_PER_BROKER", 3 * 34 + 3, id="and by topic"),
        # ingest reads 24 + 12 + 3 partitions, orders 12, clicks 24.
        pytest.param("PER_TOPIC_PER_PARTITION", 3 * 34 + 3 + 3 * 75, id="and by partition"),
    ],
)
def test_kafka_s_metrics_by_level(level: str, metrics: int) -> None:
    cluster = {
        "NumberOfBrokerNodes": 3,
        "BrokerNodeGroupInfo": {"InstanceType": "express.m7g.large"},
        "EnhancedMonitoring": level,
    }
    counted = used(KAFKA, within=environment(Kafka=("AWS::MSK::Cluster", cluster)))
    assert counted["cloudwatch.metric"] == metrics


def test_an_endpoint_costs_in_each_zone_and_a_gateway_nothing() -> None:
    assert used("AWS::EC2::VPCEndpoint")["endpoint.hour"] == 3 * MONTH


def test_valkey_s_replicas_cost_like_primaries() -> None:
    assert used("AWS::ElastiCache::ReplicationGroup") == {"valkey.cache.m7g.large.hour": 4 * MONTH}


@pytest.mark.parametrize(
    ("load", "least", "most", "units"),
    [
        pytest.param("low", "0.5", "16", "1.0", id="in half steps, upwards"),
        pytest.param("base", "0.5", "16", "2.0", id="exactly a step"),
        pytest.param("base", "4", "16", "4", id="not below the minimum"),
        pytest.param("high", "0.5", "4", "4", id="not above the maximum"),
    ],
)
def test_capacity_of_the_database(load: str, least: str, most: str, units: str) -> None:
    assert machines.capacity(LOADS[load], Decimal(least), Decimal(most)) == Decimal(units)


def test_io_optimized_storage_costs_more_and_its_requests_nothing() -> None:
    cluster = {
        "ServerlessV2ScalingConfiguration": {"MinCapacity": 0.5, "MaxCapacity": 16},
        "StorageType": "aurora-iopt1",
    }
    counted = used(DATABASE, within=environment(Postgres=("AWS::RDS::DBCluster", cluster)))
    assert "aurora.io" not in counted
    assert counted["aurora.iopt1.acu"] == 2 * MONTH


def test_a_fleet_pays_for_machines_for_emr_and_for_disks() -> None:
    assert used("AWS::EMR::Cluster") == {
        "ec2.r7g.xlarge.hour": 2 * MONTH,
        "emr.r7g.xlarge.hour": 2 * MONTH,
        "ebs.gp3": Decimal(2 * 15),
        "ebs.gp2": Decimal(2 * 64),
    }


def test_serverless_pays_for_whole_gigabytes_with_overhead() -> None:
    spark = planned(Sizes(1, "3g", 2, 2, "6g"), orders=5)
    # A driver of 3 + 0.375, executors of 6 + 0.6 GB.
    assert used("AWS::EMRServerless::Application", within=spark) == {
        "serverless.arm64.vcpu": 5 * MONTH,
        "serverless.arm64.memory": (4 + 2 * 7) * MONTH,
    }


def test_without_compaction_look_ups_read_every_file_of_the_day() -> None:
    plain = used(LAKE, within=without("Optimizers"))
    assert plain["s3.get"] > 5 * used(LAKE)["s3.get"]


def test_optimizers_are_paid_for_where_a_function_makes_them() -> None:
    assert used(GLUE)["glue.dpu"] > 0
    assert "glue.dpu" not in used(GLUE, within=without("Optimizers"))


def test_longer_batches_make_fewer_requests() -> None:
    slow = planned(Sizes(), ingest=300, orders=60)
    assert used(LAKE, within=slow)["s3.put"] * 4 < used(LAKE)["s3.put"]


def test_an_alarm_costs_as_much_as_it_reads() -> None:
    assert used("AWS::CloudWatch::Alarm") == {"cloudwatch.alarm": Decimal(3)}


def test_functions_are_called_by_what_the_template_connects() -> None:
    counted = {
        function.logical_id: made.count
        for function, made in Month(environment(), LOADS["base"]).calls
    }
    assert counted == {
        "Notifier": Decimal("65700"),  # a tenth of 0.25 alerts a second
        "QueryApi": Decimal("5256000"),  # two a second
        "Canary": Decimal("8760"),  # every five minutes
        "Optimizers": Decimal("20"),  # by nothing but deployments
    }


def test_a_function_that_nothing_calls_is_called_by_deployments() -> None:
    quiet = without("CanarySchedule")
    counted = dict(
        (function.logical_id, made.count) for function, made in Month(quiet, LOADS["base"]).calls
    )
    assert counted["Canary"] == 20


def test_a_schedule_that_cannot_be_counted_is_not_guessed() -> None:
    rule = {"ScheduleExpression": "cron(0 3 * * ? *)", "Targets": []}
    odd = environment(CanarySchedule=("AWS::Events::Rule", rule))
    with pytest.raises(ValueError, match="cron"):
        used(FUNCTION, within=odd)
