"""What each meter counts, and which of them grow with the load."""

from __future__ import annotations

from decimal import Decimal

import pytest

from contracts.aws.spark_submit import Sizes
from ops.commands.cost import compute, functions, kafka, lake, network, observability, stores
from ops.commands.cost.catalogue import FREE, METERS
from ops.commands.cost.usage import Meter
from ops.commands.cost.workload import LOADS
from tests.ops.commands.cost.environments import environment, planned, usages, used, without

GROWING = [
    pytest.param(kafka.brokers, "msk.express.in", id="what is written to Kafka"),
    pytest.param(kafka.brokers, "msk.express.storage", id="what Kafka keeps"),
    pytest.param(network.between_zones, "zones.data", id="traffic between zones"),
    pytest.param(lake.buckets, "s3.storage", id="bytes of the lake"),
    pytest.param(lake.optimizers, "glue.dpu", id="compaction"),
    pytest.param(stores.aurora, "aurora.acu", id="the database's capacity"),
    pytest.param(stores.aurora, "aurora.io", id="its requests"),
    pytest.param(functions.notifications, "sns.requests", id="notifications"),
    pytest.param(functions.functions, "lambda.requests", id="calls of functions"),
]
STEADY = [
    pytest.param(kafka.brokers, "msk.express.m7g.large.hour", id="brokers"),
    pytest.param(lake.buckets, "s3.put", id="S3 writes: batches come by the clock"),
    pytest.param(lake.buckets, "s3.get", id="S3 reads"),
    pytest.param(lake.buckets, "kms.requests", id="KMS"),
    pytest.param(lake.catalog, "glue.requests", id="Glue catalog"),
    pytest.param(network.endpoints, "endpoint.hour", id="endpoints"),
    pytest.param(stores.valkey, "valkey.cache.m7g.large.hour", id="Valkey nodes"),
    pytest.param(compute.clusters, "ec2.r7g.xlarge.hour", id="EMR"),
    pytest.param(compute.applications, "serverless.arm64.vcpu", id="EMR Serverless"),
    pytest.param(observability.logs_and_metrics, "cloudwatch.metric", id="metrics"),
    pytest.param(functions.pollers, "lambda.poller", id="pollers"),
    pytest.param(functions.api, "api.requests", id="the API"),
]
MONTH = Decimal(730)


@pytest.mark.parametrize(("meter", "price"), GROWING)
def test_grows_with_the_load(meter: Meter, price: str) -> None:
    low, base, high = (used(meter, name)[price] for name in LOADS)
    assert low < base < high


@pytest.mark.parametrize(("meter", "price"), STEADY)
def test_is_the_same_at_any_load(meter: Meter, price: str) -> None:
    assert len({used(meter, name)[price] for name in LOADS}) == 1


def test_every_meter_counts_something() -> None:
    for kind, meters in METERS.items():
        for meter in meters:
            assert sum(used(meter).values()) > 0, f"{kind}: {meter.__name__}"


def test_no_type_is_both_metered_and_free() -> None:
    assert METERS.keys() & FREE.keys() == set()


@pytest.mark.parametrize(
    ("kind", "price"),
    [
        pytest.param("AWS::S3::Bucket", "s3.put", id="S3 writes"),
        pytest.param("AWS::S3::Bucket", "s3.get", id="S3 reads"),
        pytest.param("AWS::S3::Bucket", "kms.requests", id="KMS"),
        pytest.param("AWS::KMS::Key", "kms.requests", id="KMS beside the lake"),
        pytest.param("AWS::Glue::Database", "glue.requests", id="Glue"),
        pytest.param("AWS::RDS::DBCluster", "aurora.io", id="Aurora I/O"),
        pytest.param("AWS::ApiGatewayV2::Api", "api.requests", id="API"),
        pytest.param("AWS::Lambda::Function", "lambda.requests", id="calls"),
        pytest.param("AWS::Lambda::EventSourceMapping", "lambda.poller", id="pollers"),
        pytest.param("AWS::Logs::LogGroup", "cloudwatch.metric", id="metrics"),
        pytest.param("AWS::MSK::Cluster", "cloudwatch.metric", id="Kafka's metrics"),
        pytest.param("AWS::MSK::Cluster", "zones.data", id="between zones"),
        pytest.param("AWS::EC2::VPCEndpoint", "endpoint.data", id="through endpoints"),
        pytest.param("AWS::EC2::NatGateway", "nat.data", id="through NAT"),
        pytest.param("AWS::Logs::LogGroup", "logs.in", id="logs"),
        pytest.param("AWS::Logs::LogGroup", "logs.storage", id="logs kept"),
    ],
)
def test_what_is_easily_forgotten_is_counted(kind: str, price: str) -> None:
    assert any(used(meter).get(price, 0) > 0 for meter in METERS[kind])


def test_kafka_by_hand() -> None:
    counted = used(kafka.brokers)
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
    counted = used(kafka.brokers, of=environment(Kafka=("AWS::MSK::Cluster", cluster)))
    assert counted["cloudwatch.metric"] == metrics


def test_an_endpoint_costs_in_each_zone_and_a_gateway_nothing() -> None:
    assert used(network.endpoints)["endpoint.hour"] == 3 * MONTH


def test_valkey_s_replicas_cost_like_primaries() -> None:
    assert used(stores.valkey) == {"valkey.cache.m7g.large.hour": 4 * MONTH}


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
    assert stores.capacity(LOADS[load], Decimal(least), Decimal(most)) == Decimal(units)


def test_io_optimized_storage_costs_more_and_its_requests_nothing() -> None:
    cluster = {
        "ServerlessV2ScalingConfiguration": {"MinCapacity": 0.5, "MaxCapacity": 16},
        "StorageType": "aurora-iopt1",
    }
    counted = used(stores.aurora, of=environment(Postgres=("AWS::RDS::DBCluster", cluster)))
    assert "aurora.io" not in counted
    assert counted["aurora.iopt1.acu"] == 2 * MONTH


def test_a_fleet_pays_for_machines_for_emr_and_for_disks() -> None:
    assert used(compute.clusters) == {
        "ec2.r7g.xlarge.hour": 2 * MONTH,
        "emr.r7g.xlarge.hour": 2 * MONTH,
        "ebs.gp3": Decimal(2 * 15),
        "ebs.gp2": Decimal(2 * 64),
    }


def test_serverless_pays_for_whole_gigabytes_with_overhead() -> None:
    spark = planned(Sizes(1, "3g", 2, 2, "6g"), orders=5)
    # A driver of 3 + 0.375, executors of 6 + 0.6 GB.
    assert used(compute.applications, of=spark) == {
        "serverless.arm64.vcpu": 5 * MONTH,
        "serverless.arm64.memory": (4 + 2 * 7) * MONTH,
    }


def test_without_compaction_look_ups_read_every_file_of_the_day() -> None:
    plain = used(lake.buckets, of=without("Optimizers"))
    assert plain["s3.get"] > 5 * used(lake.buckets)["s3.get"]


def test_optimizers_are_paid_for_where_a_function_makes_them() -> None:
    assert used(lake.optimizers)["glue.dpu"] > 0
    assert used(lake.optimizers, of=without("Optimizers")) == {}


def test_longer_batches_make_fewer_requests() -> None:
    slow = planned(Sizes(), ingest=300, orders=60)
    assert used(lake.buckets, of=slow)["s3.put"] * 4 < used(lake.buckets)["s3.put"]


def test_an_alarm_costs_as_much_as_it_reads() -> None:
    assert used(observability.alarms) == {"cloudwatch.alarm": Decimal(3)}


def test_functions_are_called_by_what_the_template_connects() -> None:
    counted = {
        function.logical_id: made.count
        for function, made in functions.calls(environment(), LOADS["base"])
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
        (function.logical_id, made.count)
        for function, made in functions.calls(quiet, LOADS["base"])
    )
    assert counted["Canary"] == 20


def test_a_schedule_that_cannot_be_counted_is_not_guessed() -> None:
    rule = {"ScheduleExpression": "cron(0 3 * * ? *)", "Targets": []}
    odd = environment(CanarySchedule=("AWS::Events::Rule", rule))
    with pytest.raises(ValueError, match="cron"):
        usages(functions.functions, of=odd)
