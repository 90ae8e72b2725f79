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
from cdk.settings.parts import (
    ZONES,
    EmrSettings,
    InvalidSettings,
    KafkaSettings,
    LakeSettings,
    PostgresSettings,
    ReplicationSource,
    TokenIssuer,
    ValkeySettings,
    is_graviton,
    require,
)
from contracts.applications import APPLICATIONS
from contracts.aws.serverless_workers import refusal
from contracts.aws.spark_submit import Processor, Sizes

EnvironmentName = Literal["dev", "staging", "production"]
Compute = Literal["ec2", "serverless"]
Internet = Literal["endpoints", "nat"]
# Who signs the tokens of the query API: a user pool of its own, or the issuer in `tokens`; or there
# is no API.
Api = Literal["none", "cognito", "jwt"]

_KEY_ARN = r"arn:aws[\w-]*:kms:[\w-]+:\d{12}:key/[\w-]+"
_REGION = r"[a-z]{2}(-[a-z]+)+-\d"
_ZONE = rf"{_REGION}[a-z]"
_ID = r"[0-9a-f]{8}([0-9a-f]{9})?"
# Tags that every resource has anyway.
OWN_TAGS = ("application", "environment")
# S3 takes 50 tags on a bucket, and the CDK and services add some.
_MOST_TAGS = 40


@dataclass(frozen=True, kw_only=True)
class EnvironmentSettings:
    """One environment.

    `triggers` are the seconds between the batches of each application, `sizes` its driver and
    executors. `monthly_budget` is in USD. `zones` are names such as eu-central-1a; without them the
    region's first three are taken. `replicate_from` is another region's Kafka cluster, whose
    source topics are copied here. With `people_with_mfa` only who signed in with a second
    factor may become an analyst or an operator; an identity provider of the shop's asks for it
    itself, and AWS does not see that. `usual_batch_seconds` are what batches take where nothing is
    wrong, by application, once they were measured. `assets_key` is the ARN of the key of the
    bootstrap's bucket, where that is a key of the account's own. `account` and `region` stop a
    deployment anywhere else. `vpc_id` is a network that exists, `vpc_subnets` its private subnets
    in the order of `zones`, and `vpc_cidr` is then its range. `permissions_boundary` is the name of
    a policy that bounds every role. Everything else is computed anew from them.
    """

    environment: EnvironmentName
    vpc_cidr: str
    monthly_budget: int
    zones: tuple[str, ...] = ()
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
    people_with_mfa: bool = True
    usual_batch_seconds: tuple[tuple[str, float], ...] = ()
    assets_key: str | None = None
    account: str | None = None
    region: str | None = None
    vpc_id: str | None = None
    vpc_subnets: tuple[str, ...] = ()
    permissions_boundary: str | None = None
    tags: tuple[tuple[str, str], ...] = ()
    replicate_from: ReplicationSource | None = None

    def __post_init__(self) -> None:
        require(
            self.environment in get_args(EnvironmentName),
            f"environment {self.environment!r}: one of {', '.join(get_args(EnvironmentName))}",
        )
        try:
            network = IPv4Network(self.vpc_cidr)
        except ValueError as problem:
            raise InvalidSettings(f"vpc_cidr: {problem}") from problem
        require(
            network.is_private and 16 <= network.prefixlen <= 20,
            f"vpc_cidr {self.vpc_cidr}: a private range from /16 to /20",
        )
        require(
            not self.zones or len(self.zones) == len(set(self.zones)) == ZONES,
            f"zones {', '.join(self.zones)}: {ZONES} different ones, or none to take the first",
        )
        require(
            all(re.fullmatch(_ZONE, zone) for zone in self.zones)
            and len({zone[:-1] for zone in self.zones}) < 2,
            f"zones {', '.join(self.zones)}: names of one region, such as eu-central-1a",
        )
        require(
            self.assets_key is None or re.fullmatch(_KEY_ARN, self.assets_key) is not None,
            f"assets_key {self.assets_key!r}: the ARN of a KMS key",
        )
        self._check_account()
        self._check_network()
        self._check_applications()
        require(self.monthly_budget > 0, "monthly_budget: above 0 USD")
        require(
            self.alarm_email is None or bool(re.fullmatch(r"[^@\s]+@[^@\s]+", self.alarm_email)),
            f"alarm_email {self.alarm_email!r} is not an address",
        )

    @property
    def processor(self) -> Processor:
        """The processor of the machines that run the applications."""
        if self.compute == "serverless":
            return "arm64"
        return "arm64" if is_graviton(self.emr.primary_type) else "x86_64"

    def _check_account(self) -> None:
        require(
            (self.account is None) == (self.region is None),
            "account and region: both, or neither",
        )
        require(
            self.account is None or re.fullmatch(r"\d{12}", self.account) is not None,
            f"account {self.account!r}: 12 digits",
        )
        require(
            self.region is None or re.fullmatch(_REGION, self.region) is not None,
            f"region {self.region!r}: such as eu-central-1",
        )
        require(
            self.region is None or all(zone[:-1] == self.region for zone in self.zones),
            f"zones {', '.join(self.zones)}: not in {self.region}",
        )
        bounded = self.permissions_boundary
        require(
            bounded is None or re.fullmatch(r"[\w+=,.@-]+", bounded) is not None,
            f"permissions_boundary {bounded!r}: the name of a policy of the account",
        )
        reserved = [
            key for key, _ in self.tags if key.lower().startswith("aws:") or key in OWN_TAGS
        ]
        require(not reserved, f"tags name {', '.join(reserved)}: reserved")
        require(len(self.tags) <= _MOST_TAGS, f"tags: at most {_MOST_TAGS}")

    def _check_network(self) -> None:
        if self.vpc_id is None:
            require(not self.vpc_subnets, "vpc_subnets: only with a vpc_id")
            return
        require(
            re.fullmatch(f"vpc-{_ID}", self.vpc_id) is not None,
            f"vpc_id {self.vpc_id!r}: such as vpc-0a1b2c3d",
        )
        require(
            len(set(self.vpc_subnets)) == len(self.vpc_subnets) == len(self.zones) == ZONES
            and all(re.fullmatch(f"subnet-{_ID}", subnet) for subnet in self.vpc_subnets),
            f"vpc_id: name {ZONES} zones, and in vpc_subnets a private subnet of each",
        )
        require(
            self.compute == "serverless",
            "vpc_id: EMR on EC2 asks for tags on the network; use compute='serverless'",
        )

    def _check_applications(self) -> None:
        known = sorted(app.name for app in APPLICATIONS)
        for setting, given in (("triggers", self.triggers), ("sizes", self.sizes)):
            named = sorted(name for name, _ in given)
            require(named == known, f"{setting} name {named}, applications are {known}")
        for name, usual in self.usual_batch_seconds:
            require(name in known, f"usual_batch_seconds name {name!r}, applications are {known}")
            require(usual > 0, f"usual_batch_seconds of {name}: above 0")
        for name, seconds in self.triggers:
            require(1 <= seconds <= 600, f"trigger of {name}: {seconds} s, 1 to 600")

        if self.compute == "serverless":
            for name, sizes in self.sizes:
                require(not (why := refusal(sizes)), f"size of {name}: {why}")

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
        environment="staging",
        vpc_cidr="10.41.0.0/16",
        monthly_budget=3500,
        # What production does is tried here first.
        compute="serverless",
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
