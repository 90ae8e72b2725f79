"""The parts of an environment's settings: each is checked when it is made."""

from __future__ import annotations

import re
from dataclasses import dataclass

# Express brokers span three zones, always.
ZONES = 3
# Readers of the lake may look back a day.
MIN_SNAPSHOT_HOURS = 24
_KAFKA_ARN = r"arn:aws[\w-]*:kafka:[a-z]{2}(-[a-z]+)+-\d:\d{12}:cluster/[\w-]+/[\w-]+"
_NODE_TYPE = r"cache\.[a-z]+\d[a-z]*\.(micro|small|medium|(\d*x)?large)"


class InvalidSettings(ValueError):
    """A setting that AWS or the platform would refuse. The message names it and the rule."""


def require(holds: bool, rule: str) -> None:
    """Raise InvalidSettings with the rule unless it holds."""
    if not holds:
        raise InvalidSettings(rule)


@dataclass(frozen=True, kw_only=True)
class ReplicationSource:
    """The Kafka cluster of another region of the same account, and two or three subnets of its
    brokers. That environment has `kafka.replicated` set."""

    cluster_arn: str
    subnets: tuple[str, ...]

    def __post_init__(self) -> None:
        require(
            re.fullmatch(_KAFKA_ARN, self.cluster_arn) is not None,
            f"replicate_from.cluster_arn {self.cluster_arn!r}: the ARN of a Kafka cluster",
        )
        require(
            2 <= len(self.subnets) <= 3
            and all(subnet.startswith("subnet-") for subnet in self.subnets),
            "replicate_from.subnets: two or three subnets of the source's brokers",
        )


@dataclass(frozen=True, kw_only=True)
class KafkaSettings:
    """MSK Express brokers, the same number in each of the three zones. `replicated`: another region
    copies the topics. MSK accepts it only for an existing cluster, so the first deployment has it
    off."""

    broker_type: str = "express.m7g.large"
    brokers: int = 3
    replicated: bool = False

    def __post_init__(self) -> None:
        require(
            re.fullmatch(r"express\.m7g\.(\d*x)?large", self.broker_type) is not None,
            f"kafka.broker_type {self.broker_type!r}: an Express type such as express.m7g.large",
        )
        require(
            self.brokers >= ZONES and self.brokers % ZONES == 0,
            f"kafka.brokers {self.brokers}: a multiple of {ZONES}, at least one per zone",
        )


@dataclass(frozen=True, kw_only=True)
class ValkeySettings:
    """Valkey in cluster mode: `shards` primaries, each with `replicas` copies."""

    node_type: str = "cache.t4g.small"
    shards: int = 2
    replicas: int = 1
    version: str = "9.0"

    def __post_init__(self) -> None:
        require(
            re.fullmatch(r"([89]|\d\d+)\.\d+", self.version) is not None,
            f"valkey.version {self.version!r}: such as 9.0, at least 8.0",
        )
        require(
            re.fullmatch(_NODE_TYPE, self.node_type) is not None,
            f"valkey.node_type {self.node_type!r}: a type such as cache.t4g.small",
        )
        require(1 <= self.shards <= 90, f"valkey.shards {self.shards}: 1 to 90")
        require(0 <= self.replicas <= 5, f"valkey.replicas {self.replicas}: 0 to 5")


@dataclass(frozen=True, kw_only=True)
class PostgresSettings:
    """Aurora Serverless v2 in capacity units of 2 GiB. `readers` serve the API and analysts."""

    min_capacity: float = 0.5
    max_capacity: float = 4
    readers: int = 0
    backup_days: int = 7
    version: str = "18.4"

    def __post_init__(self) -> None:
        require(
            re.fullmatch(r"(1[6-9]|[2-9]\d)\.\d+", self.version) is not None,
            f"postgres.version {self.version!r}: such as 18.4, at least 16",
        )
        # First, because no other rule can be asked of nan and inf.
        require(
            0.5 <= self.min_capacity <= self.max_capacity <= 256,
            "postgres: 0.5 <= min_capacity <= max_capacity <= 256; a stream never lets it pause",
        )
        halves = (self.min_capacity * 2, self.max_capacity * 2)
        require(
            all(value == int(value) for value in halves),
            "postgres.min_capacity and max_capacity go in steps of 0.5",
        )
        require(0 <= self.readers <= 15, f"postgres.readers {self.readers}: 0 to 15")
        require(1 <= self.backup_days <= 35, f"postgres.backup_days {self.backup_days}: 1 to 35")


@dataclass(frozen=True, kw_only=True)
class EmrSettings:
    """EMR on EC2. One unit is one instance, and drivers live on the on-demand core fleet."""

    primary_type: str = "m7g.xlarge"
    core_types: tuple[str, ...] = ("r7g.xlarge", "r8g.xlarge", "m7g.xlarge")
    task_types: tuple[str, ...] = ("r7g.xlarge", "r8g.xlarge", "m7g.xlarge", "m8g.xlarge")
    core_units: int = 2
    max_task_units: int = 4

    def __post_init__(self) -> None:
        require(
            self.core_units >= 2, "emr.core_units: 2 or more, so that drivers survive a lost one"
        )
        require(self.max_task_units >= 0, "emr.max_task_units: 0 or more")
        types = self.core_types and self.task_types
        require(bool(types), "emr: at least one core and one task type")
        graviton = {is_graviton(name) for name in self.types}
        require(len(graviton) == 1, "emr: all types of one processor, because they share a package")

    @property
    def types(self) -> tuple[str, ...]:
        return (self.primary_type, *self.core_types, *self.task_types)


def is_graviton(instance_type: str) -> bool:
    """Whether a g follows the generation, as in ``r7gd.xlarge``."""
    family, _, _ = instance_type.partition(".")
    return "g" in family.lstrip("abcdefghijklmnopqrstuvwxyz")


@dataclass(frozen=True, kw_only=True)
class LakeSettings:
    """Days after which objects move to cheaper storage or are deleted. `snapshot_hours` is how far
    Iceberg can look back. `backup_days` is how long AWS Backup keeps each night's copy; 0 for no
    copies."""

    infrequent_after_days: int = 30
    noncurrent_days: int = 7
    log_days: int = 90
    snapshot_hours: int = 120
    backup_days: int = 0

    def __post_init__(self) -> None:
        require(self.infrequent_after_days >= 30, "lake.infrequent_after_days: S3 asks for 30")
        require(self.noncurrent_days >= 1, "lake.noncurrent_days: 1 or more")
        require(self.backup_days >= 0, "lake.backup_days: 0 or more")
        require(
            self.snapshot_hours >= MIN_SNAPSHOT_HOURS,
            f"lake.snapshot_hours: {MIN_SNAPSHOT_HOURS} or more, or a restart finds no offsets",
        )


@dataclass(frozen=True, kw_only=True)
class TokenIssuer:
    """Who signs the tokens of the query API: the URL of an OpenID issuer, and their audience."""

    issuer: str = "https://identity.example.com/"
    audience: str = "shopstream-api"

    def __post_init__(self) -> None:
        require(
            re.match(r"https://[\w-]+(\.[\w-]+)+", self.issuer) is not None,
            f"tokens.issuer {self.issuer!r}: https only, with a host",
        )
        require(bool(self.audience), "tokens.audience is empty")
