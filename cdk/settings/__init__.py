"""What differs between environments: frozen values, checked when they are made.

Synthesis is a pure function of one `EnvironmentSettings`. No construct asks for its environment.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from typing import Literal, get_args

from cdk.application_sizes import cloud_triggers, usual_sizes
from contracts.applications import APPLICATIONS
from contracts.aws.serverless_workers import refusal
from contracts.aws.spark_submit import Processor, Sizes

EnvironmentName = Literal["dev", "staging", "production"]
Compute = Literal["ec2", "serverless"]
Internet = Literal["endpoints", "nat"]
# Who signs the tokens of the query API: a user pool of its own, or the issuer in `tokens`.
Api = Literal["cognito", "jwt"]

# Express brokers span three zones, always.
ZONES = 3
# Readers of the lake may look back a day.
MIN_SNAPSHOT_HOURS = 24
_KAFKA_ARN = r"arn:aws[\w-]*:kafka:[a-z]{2}(-[a-z]+)+-\d:\d{12}:cluster/[\w-]+/[\w-]+"
_NODE_TYPE = r"cache\.[a-z]+\d[a-z]*\.(micro|small|medium|(\d*x)?large)"


class InvalidSettings(ValueError):
    """A setting that AWS or the platform would refuse. The message names it and the rule."""


def _require(holds: bool, rule: str) -> None:
    if not holds:
        raise InvalidSettings(rule)


@dataclass(frozen=True, kw_only=True)
class ReplicationSource:
    """The Kafka cluster of another region of the same account, and two or three subnets of its
    brokers. That environment has `kafka.replicated` set."""

    cluster_arn: str
    subnets: tuple[str, ...]

    def __post_init__(self) -> None:
        _require(
            re.fullmatch(_KAFKA_ARN, self.cluster_arn) is not None,
            f"replicate_from.cluster_arn {self.cluster_arn!r}: the ARN of a Kafka cluster",
        )
        _require(
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
        _require(
            re.fullmatch(r"express\.m7g\.(\d*x)?large", self.broker_type) is not None,
            f"kafka.broker_type {self.broker_type!r}: an Express type such as express.m7g.large",
        )
        _require(
            self.brokers >= ZONES and self.brokers % ZONES == 0,
            f"kafka.brokers {self.brokers}: a multiple of {ZONES}, at least one per zone",
        )


@dataclass(frozen=True, kw_only=True)
class ValkeySettings:
    """Valkey in cluster mode: `shards` primaries, each with `replicas` copies."""

    node_type: str = "cache.t4g.small"
    shards: int = 2
    replicas: int = 1

    def __post_init__(self) -> None:
        _require(
            re.fullmatch(_NODE_TYPE, self.node_type) is not None,
            f"valkey.node_type {self.node_type!r}: a type such as cache.t4g.small",
        )
        _require(1 <= self.shards <= 90, f"valkey.shards {self.shards}: 1 to 90")
        _require(0 <= self.replicas <= 5, f"valkey.replicas {self.replicas}: 0 to 5")


@dataclass(frozen=True, kw_only=True)
class PostgresSettings:
    """Aurora Serverless v2 in capacity units of 2 GiB. `readers` serve the API and analysts."""

    min_capacity: float = 0.5
    max_capacity: float = 4
    readers: int = 0
    backup_days: int = 7

    def __post_init__(self) -> None:
        halves = (self.min_capacity * 2, self.max_capacity * 2)
        _require(
            all(value == int(value) for value in halves),
            "postgres.min_capacity and max_capacity go in steps of 0.5",
        )
        _require(
            0.5 <= self.min_capacity <= self.max_capacity <= 256,
            "postgres: 0.5 <= min_capacity <= max_capacity <= 256; a stream never lets it pause",
        )
        _require(0 <= self.readers <= 15, f"postgres.readers {self.readers}: 0 to 15")
        _require(1 <= self.backup_days <= 35, f"postgres.backup_days {self.backup_days}: 1 to 35")


@dataclass(frozen=True, kw_only=True)
class EmrSettings:
    """EMR on EC2. One unit is one instance, and drivers live on the on-demand core fleet."""

    primary_type: str = "m7g.xlarge"
    core_types: tuple[str, ...] = ("r7g.xlarge", "r8g.xlarge", "m7g.xlarge")
    task_types: tuple[str, ...] = ("r7g.xlarge", "r8g.xlarge", "m7g.xlarge", "m8g.xlarge")
    core_units: int = 2
    max_task_units: int = 4

    def __post_init__(self) -> None:
        _require(
            self.core_units >= 2, "emr.core_units: 2 or more, so that drivers survive a lost one"
        )
        _require(self.max_task_units >= 0, "emr.max_task_units: 0 or more")
        types = self.core_types and self.task_types
        _require(bool(types), "emr: at least one core and one task type")
        graviton = {_is_graviton(name) for name in self.types}
        _require(
            len(graviton) == 1, "emr: all types of one processor, because they share a package"
        )

    @property
    def types(self) -> tuple[str, ...]:
        return (self.primary_type, *self.core_types, *self.task_types)


def _is_graviton(instance_type: str) -> bool:
    """Whether a g follows the generation, as in ``r7gd.xlarge``."""
    family, _, _ = instance_type.partition(".")
    return "g" in family.lstrip("abcdefghijklmnopqrstuvwxyz")


@dataclass(frozen=True, kw_only=True)
class LakeSettings:
    """Days after which objects move to cheaper storage or are deleted. `snapshot_hours` is how far
    Iceberg can look back."""

    infrequent_after_days: int = 30
    noncurrent_days: int = 7
    log_days: int = 90
    snapshot_hours: int = 120

    def __post_init__(self) -> None:
        _require(self.infrequent_after_days >= 30, "lake.infrequent_after_days: S3 asks for 30")
        _require(self.noncurrent_days >= 1, "lake.noncurrent_days: 1 or more")
        _require(
            self.snapshot_hours >= MIN_SNAPSHOT_HOURS,
            f"lake.snapshot_hours: {MIN_SNAPSHOT_HOURS} or more, or a restart finds no offsets",
        )


@dataclass(frozen=True, kw_only=True)
class TokenIssuer:
    """Who signs the tokens of the query API: the URL of an OpenID issuer, and their audience."""

    issuer: str = "https://identity.example.com/"
    audience: str = "shopstream-api"

    def __post_init__(self) -> None:
        _require(self.issuer.startswith("https://"), f"tokens.issuer {self.issuer!r}: https only")
        _require(bool(self.audience), "tokens.audience is empty")


@dataclass(frozen=True, kw_only=True)
class EnvironmentSettings:
    """One environment.

    `triggers` are the seconds between the batches of each application, `sizes` its driver and
    executors. `monthly_budget` is in USD. `replicate_from` is another region's Kafka cluster, whose
    source topics are copied here. Everything else is computed anew from them.
    """

    environment: EnvironmentName
    vpc_cidr: str
    monthly_budget: int
    internet: Internet = "endpoints"
    compute: Compute = "ec2"
    api: Api = "jwt"
    kafka: KafkaSettings = field(default_factory=KafkaSettings)
    valkey: ValkeySettings = field(default_factory=ValkeySettings)
    postgres: PostgresSettings = field(default_factory=PostgresSettings)
    emr: EmrSettings = field(default_factory=EmrSettings)
    lake: LakeSettings = field(default_factory=LakeSettings)
    tokens: TokenIssuer = field(default_factory=TokenIssuer)
    triggers: tuple[tuple[str, int], ...] = field(default_factory=cloud_triggers)
    sizes: tuple[tuple[str, Sizes], ...] = field(default_factory=usual_sizes)
    log_days: int = 30
    deletion_protection: bool = True
    alarm_email: str | None = None
    replicate_from: ReplicationSource | None = None

    def __post_init__(self) -> None:
        _require(
            self.environment in get_args(EnvironmentName),
            f"environment {self.environment!r}: one of {', '.join(get_args(EnvironmentName))}",
        )
        try:
            network = IPv4Network(self.vpc_cidr)
        except ValueError as problem:
            raise InvalidSettings(f"vpc_cidr: {problem}") from problem
        _require(
            network.is_private and 16 <= network.prefixlen <= 20,
            f"vpc_cidr {self.vpc_cidr}: a private range from /16 to /20",
        )
        self._check_applications()
        _require(self.monthly_budget > 0, "monthly_budget: above 0 USD")
        _require(
            self.alarm_email is None or "@" in self.alarm_email,
            f"alarm_email {self.alarm_email!r} is not an address",
        )

    @property
    def processor(self) -> Processor:
        """The processor of the machines that run the applications."""
        if self.compute == "serverless":
            return "arm64"
        return "arm64" if _is_graviton(self.emr.primary_type) else "x86_64"

    def _check_applications(self) -> None:
        known = sorted(app.name for app in APPLICATIONS)
        for setting, given in (("triggers", self.triggers), ("sizes", self.sizes)):
            named = sorted(name for name, _ in given)
            _require(named == known, f"{setting} name {named}, applications are {known}")
        for name, seconds in self.triggers:
            _require(1 <= seconds <= 600, f"trigger of {name}: {seconds} s, 1 to 600")

        if self.compute == "serverless":
            for name, sizes in self.sizes:
                _require(not (why := refusal(sizes)), f"size of {name}: {why}")

    def name(self, part: str) -> str:
        """The physical name of a part, with the environment in it."""
        return f"shopstream-{self.environment}-{part}"


# They are made on demand, so one that is refused does not affect the others.
ENVIRONMENTS: dict[str, Callable[[], EnvironmentSettings]] = {
    "dev": lambda: EnvironmentSettings(
        environment="dev",
        vpc_cidr="10.40.0.0/16",
        monthly_budget=2700,
        compute="serverless",
        api="cognito",
        valkey=ValkeySettings(shards=2, replicas=0),
        log_days=7,
        deletion_protection=False,
    ),
    "staging": lambda: EnvironmentSettings(
        environment="staging", vpc_cidr="10.41.0.0/16", monthly_budget=3500
    ),
    "production": lambda: EnvironmentSettings(
        environment="production",
        vpc_cidr="10.42.0.0/16",
        monthly_budget=3700,
        # 0.7 times the cost of a cluster for three streams (docs/cost.md). Without help, they move
        # to another zone when one fails.
        compute="serverless",
        # A projection of Postgres that can be rebuilt: 6 GiB, a fifth of two slow cores per node.
        valkey=ValkeySettings(node_type="cache.t4g.medium", shards=2, replicas=1),
        postgres=PostgresSettings(min_capacity=0.5, max_capacity=16, readers=1, backup_days=14),
        log_days=90,
    ),
}


def settings(environment: str) -> EnvironmentSettings:
    """The settings of `environment`. Raises InvalidSettings with the broken rule or the known
    names."""
    if environment in ENVIRONMENTS:
        return ENVIRONMENTS[environment]()
    raise InvalidSettings(f"no environment {environment!r}; known: {', '.join(ENVIRONMENTS)}")
