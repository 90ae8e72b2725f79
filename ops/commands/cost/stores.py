"""Meters of what answers: Aurora, Valkey, and the keys and secrets around them."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_CEILING, Decimal

from contracts.applications import ORDER_ANSWERS
from contracts.topics import ORDERS
from ops.commands.cost import assumptions as given
from ops.commands.cost.environment import Environment
from ops.commands.cost.usage import Usage
from ops.commands.cost.workload import GB, MILLION, SECONDS, Load, batches

HOURS = given.HOURS.value
_HALF = Decimal("0.5")
_SERVERLESS = "db.serverless"


def aurora(environment: Environment, load: Load) -> Iterator[Usage]:
    """Writer and readers scale together; I/O is the writer's and is billed once, not by copy."""
    for cluster in environment.of("AWS::RDS::DBCluster"):
        optimized = cluster.properties.get("StorageType") == "aurora-iopt1"
        prefix = "aurora.iopt1" if optimized else "aurora"
        scaling = cluster.properties["ServerlessV2ScalingConfiguration"]
        units = capacity(load, Decimal(str(scaling["MinCapacity"])), _most(scaling))
        instances = sum(
            one.properties["DBInstanceClass"] == _SERVERLESS
            for one in environment.of("AWS::RDS::DBInstance")
        )
        what = f"{instances} Aurora instances of {units} ACU"
        yield Usage("stores", what, instances * units * HOURS, f"{prefix}.acu")
        if not optimized:
            requests = _requests(environment, load)
            yield Usage("stores", "Aurora I/O", requests / MILLION, "aurora.io")
        stored = _stored(load)
        yield Usage("stores", "Aurora storage", stored, f"{prefix}.storage")
        yield Usage("stores", "Aurora backups", stored, "aurora.backup")
        if cluster.properties.get("ManageMasterUserPassword"):
            yield Usage("stores", "secret of the database", Decimal(1), "secret")


def valkey(environment: Environment, _load: Load) -> Iterator[Usage]:
    for group in environment.of("AWS::ElastiCache::ReplicationGroup"):
        shards = group.properties["NumNodeGroups"]
        nodes = shards * (1 + group.properties.get("ReplicasPerNodeGroup", 0))
        kind = group.properties["CacheNodeType"]
        what = f"{nodes} nodes {kind} in {shards} shards"
        yield Usage("stores", what, nodes * HOURS, f"valkey.{kind}.hour")


def keys(environment: Environment, _load: Load) -> Iterator[Usage]:
    """Requests of the lake are counted with it."""
    yield Usage("stores", "KMS keys", Decimal(len(environment.of("AWS::KMS::Key"))), "kms.key")
    sealed = sum(
        bool({"KmsKeyId", "KmsMasterKeyId", "KMSKeyId", "KmsKeyArn"} & one.properties.keys())
        for one in environment.resources
    )
    requests = sealed * given.KMS_OTHERS.value
    yield Usage("stores", "KMS requests beside the lake's", requests / 10_000, "kms.requests")


def secrets(environment: Environment, _load: Load) -> Iterator[Usage]:
    count = len(environment.of("AWS::SecretsManager::Secret"))
    yield Usage("stores", "secrets", Decimal(count), "secret")


def capacity(load: Load, least: Decimal, most: Decimal) -> Decimal:
    """ACU of an instance under the load, in half steps within the limits."""
    wanted = given.ACU_BASE.value + load.rate(ORDERS) * given.ACU_FOR_ORDER.value
    steps = (wanted / _HALF).to_integral_value(ROUND_CEILING) * _HALF
    return max(least, min(most, steps))


def _most(scaling: dict[str, float]) -> Decimal:
    return Decimal(str(scaling["MaxCapacity"]))


def _requests(environment: Environment, load: Load) -> Decimal:
    """I/O requests of a month: of each batch of orders, and of the journal of all others."""
    total = Decimal(0)
    for name, job in environment.jobs.items():
        each = given.BATCH_IO.value
        if name == ORDER_ANSWERS.name:
            orders = load.rate(ORDERS) * job.trigger
            touched = min(orders * given.ANSWERS_OF_ORDER.value, given.MOST_ANSWERS.value)
            each += orders * given.ORDER_IO.value + touched * given.ANSWER_IO.value
        total += batches(job.trigger) * each
    return total


def _stored(load: Load) -> Decimal:
    orders = load.rate(ORDERS) * SECONDS * given.MONTHS_KEPT.value
    return given.ANSWER_GB.value + orders * given.ORDER_ROW_BYTES.value / GB
