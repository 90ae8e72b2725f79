"""Every type of resource with its meters, or the reason why it costs nothing."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal

from contracts.applications import APPLICATIONS
from contracts.metrics import METRICS
from contracts.topics import ALERTS, SOURCES
from ops.commands.cost import assumptions as given
from ops.commands.cost import lake, machines
from ops.commands.cost.month import DAYS, GB, HOURS, MILLION, SECONDS, MeteredUsage, Month

# Counts what all resources of one type use in a month.
Meter = Callable[[Month], Iterable[MeteredUsage]]

# A client that polls waits 20 s for each answer.
_POLLS = SECONDS / 20
# What CloudWatch keeps for ever is priced as ten years.
_FOR_EVER = 3650
_ENCRYPTED_BY = {"KmsKeyId", "KmsMasterKeyId", "KMSKeyId", "KmsKeyArn"}

# Types whose resources cost the same each: what it is called, its price, and the quantity of one.
ALIKE: Mapping[str, tuple[str, str, Decimal]] = {
    "AWS::Athena::WorkGroup": ("scanned by analysts", "athena.scanned", given.ATHENA_TB),
    "AWS::CloudWatch::CompositeAlarm": ("composite alarms", "cloudwatch.composite", Decimal(1)),
    "AWS::CloudWatch::Dashboard": ("dashboards", "cloudwatch.dashboard", Decimal(1)),
    "AWS::EC2::EIP": ("public addresses", "address.hour", HOURS),
    "AWS::EC2::NatGateway": ("NAT gateways", "nat.hour", HOURS),
    "AWS::KMS::Key": ("KMS keys", "kms.key", Decimal(1)),
    "AWS::MSK::Replicator": ("Kafka replicators", "msk.replicator.hour", HOURS),
    # Queues hold what failed. Polling them is what costs.
    "AWS::SQS::Queue": ("queue requests", "sqs.requests", _POLLS / MILLION),
    "AWS::SecretsManager::Secret": ("secrets", "secret", Decimal(1)),
    # They wait for a step of a deployment.
    "AWS::StepFunctions::StateMachine": (
        *("transitions of deployment steps", "states.transitions"),
        given.DEPLOYMENTS * given.STEP_TRANSITIONS / 1000,
    ),
}


def _api(month: Month) -> Iterator[MeteredUsage]:
    requests = month.api_requests
    yield MeteredUsage("API requests", requests / MILLION, "api.requests")
    yield MeteredUsage(
        "API answers to the internet", requests * given.API_BYTES / GB, "internet.data"
    )


def _alarms(month: Month) -> Iterator[MeteredUsage]:
    """An alarm costs as much as the number of metrics that it reads."""
    formulas = [each.get("Metrics", []) for each in month.all("AWS::CloudWatch::Alarm")]
    read = sum(max(1, sum("MetricStat" in part for part in parts)) for parts in formulas)
    yield MeteredUsage("alarms", Decimal(read), "cloudwatch.alarm")


def _nat(month: Month) -> Iterator[MeteredUsage]:
    # The same calls that would pass the endpoints of twelve services.
    yield MeteredUsage("through NAT gateways", _to_services(month, 12), "nat.data")


def _endpoints(month: Month) -> Iterator[MeteredUsage]:
    """Interface endpoints cost in each zone; gateway endpoints are free."""
    every = month.all("AWS::EC2::VPCEndpoint")
    zones = [len(each["SubnetIds"]) for each in every if each["VpcEndpointType"] == "Interface"]
    if zones:
        what = f"{len(zones)} interface endpoints, {sum(zones)} times a zone"
        yield MeteredUsage(what, sum(zones) * HOURS, "endpoint.hour")
        through = _to_services(month, len(zones))
        yield MeteredUsage("through interface endpoints", through, "endpoint.data")


def _to_services(month: Month, services: int) -> Decimal:
    return sum(month.logged.values(), Decimal(0)) + services * given.ENDPOINT_GB


def _key_requests(month: Month) -> Iterator[MeteredUsage]:
    """Requests of the lake are counted with it."""
    sealed = sum(bool(_ENCRYPTED_BY & one.properties.keys()) for one in month.environment.resources)
    requests = sealed * given.KMS_OTHERS
    yield MeteredUsage("KMS requests beside the lake's", requests / 10_000, "kms.requests")


def _pollers(month: Month) -> Iterator[MeteredUsage]:
    """Each source that shares its pollers with no other has at least one unit."""
    pools = [
        each["ProvisionedPollerConfig"].get("MinimumPollers", 1)
        for each in month.all("AWS::Lambda::EventSourceMapping")
        if "ProvisionedPollerConfig" in each
    ]
    if units := sum(math.ceil(pollers / given.POLLER_UNIT) for pollers in pools):
        yield MeteredUsage(f"event poller units: {units}", units * HOURS, "lambda.poller")
    counted = sum("MetricsConfig" in each for each in month.all("AWS::Lambda::EventSourceMapping"))
    if counted:
        metrics = counted * given.SOURCE_METRICS
        yield MeteredUsage("metrics of event sources", metrics, "cloudwatch.metric")


def _functions(month: Month) -> Iterator[MeteredUsage]:
    requests = traced = Decimal(0)
    times: dict[str, Decimal] = {}
    for function, made in month.calls:
        requests += made.count
        # Lambda's own default is 128 MB.
        gigabytes = Decimal(function.properties.get("MemorySize", 128)) / 1024
        processor = function.properties.get("Architectures", ["x86_64"])[0]
        times[processor] = times.get(processor, 0) + made.count * made.seconds * gigabytes
        if function.properties.get("TracingConfig", {}).get("Mode") == "Active":
            # The first call of each second is always traced.
            first = min(made.count, SECONDS)
            traced += first + (made.count - first) * given.TRACED
    yield MeteredUsage("calls", requests / MILLION, "lambda.requests")
    for processor, used in sorted(times.items()):
        yield MeteredUsage(f"time, {processor}", used, f"lambda.{processor}.time")
    if traced:
        yield MeteredUsage("traces", traced / MILLION, "xray.traces")


def _logs_and_metrics(month: Month) -> Iterator[MeteredUsage]:
    """Our metrics are lines of logs, so they are counted with the log groups."""
    yield MeteredUsage("metrics of ours", Decimal(_own_metrics()), "cloudwatch.metric")
    for source, gigabytes in month.logged.items():
        yield MeteredUsage(f"logs of {source}", gigabytes, "logs.in")
    groups = month.all("AWS::Logs::LogGroup")
    days = max(group.get("RetentionInDays", _FOR_EVER) for group in groups)
    total = sum(month.logged.values(), Decimal(0))
    yield MeteredUsage(f"logs kept {days} days", total * days / DAYS, "logs.storage")


def _own_metrics() -> int:
    """Each metric with every combination of its dimensions' values, all of them all month."""
    pairs = sum(len(app.reads) for app in APPLICATIONS)
    values = {"reason": pairs * int(given.REASONS_SEEN), "topic": pairs}
    return sum(
        next((values[name] for name in values if name in metric.dimensions), len(APPLICATIONS))
        for metric in METRICS.values()
    )


def _replication(month: Month) -> Iterator[MeteredUsage]:
    """A second region copies the source topics."""
    gigabytes = month.load.gigabytes(*SOURCES) * month.count("AWS::MSK::Replicator")
    yield MeteredUsage("replicated records", gigabytes, "msk.replicator.data")
    yield MeteredUsage("out of the first region", gigabytes, "regions.data")


def _kafka(month: Month) -> Iterator[MeteredUsage]:
    """The brokers, and the door through which another region's replicator comes in."""
    yield from machines.kafka(month)
    for cluster in month.all("AWS::MSK::Cluster"):
        if "VpcConnectivity" in cluster["BrokerNodeGroupInfo"].get("ConnectivityInfo", {}):
            yield MeteredUsage("private connectivity", HOURS, "msk.connectivity.hour")
            gigabytes = month.load.gigabytes(*SOURCES)
            yield MeteredUsage("through private connectivity", gigabytes, "msk.connectivity.data")


def _notifications(month: Month) -> Iterator[MeteredUsage]:
    """Every alert is published, and sent to each subscription by e-mail."""
    alerts = month.load.rate(ALERTS) * SECONDS
    yield MeteredUsage("notifications published", alerts / MILLION, "sns.requests")
    subscriptions = month.all("AWS::SNS::Subscription")
    if emails := sum(each.get("Protocol") == "email" for each in subscriptions):
        yield MeteredUsage("e-mails", emails * alerts / 100_000, "sns.email")


# In the order in which they are shown. A type that is in ALIKE too is counted there first.
METERS: Mapping[str, Meter] = {
    "AWS::ApiGatewayV2::Api": _api,
    "AWS::Backup::BackupVault": lake.copies,
    "AWS::CloudWatch::Alarm": _alarms,
    "AWS::EC2::NatGateway": _nat,
    "AWS::EC2::VPCEndpoint": _endpoints,
    "AWS::EMR::Cluster": machines.emr_clusters,
    "AWS::EMRServerless::Application": machines.emr_serverless,
    "AWS::ElastiCache::ReplicationGroup": machines.valkey,
    "AWS::Glue::Database": lake.catalog_and_optimizers,
    "AWS::KMS::Key": _key_requests,
    "AWS::Lambda::EventSourceMapping": _pollers,
    "AWS::Lambda::Function": _functions,
    "AWS::Logs::LogGroup": _logs_and_metrics,
    "AWS::MSK::Cluster": _kafka,
    "AWS::MSK::Replicator": _replication,
    "AWS::RDS::DBCluster": machines.aurora,
    "AWS::S3::Bucket": lake.buckets,
    "AWS::SNS::Topic": _notifications,
}


def usages(month: Month) -> Iterator[MeteredUsage]:
    """What the whole environment uses."""
    for kind in sorted(month.environment.types):
        yield from usages_of(kind, month)


def usages_of(kind: str, month: Month) -> Iterator[MeteredUsage]:
    """What the resources of one type use."""
    if kind in ALIKE:
        what, price, quantity = ALIKE[kind]
        yield MeteredUsage(what, month.count(kind) * quantity, price)
    if kind in METERS:
        yield from METERS[kind](month)


# Reasons why types cost nothing, with the types behind them.
_FREE = {
    "counted with API requests": """
        ApiGatewayV2::Authorizer ApiGatewayV2::Integration ApiGatewayV2::Route
        ApiGatewayV2::Stage""",
    "the first 10,000 people of a month are free": "Cognito::UserPool Cognito::UserPoolClient",
    "budgets without actions are free": "Budgets::Budget",
    "a note of the CDK, no resource": "CDK::Metadata",
    "counted with the function behind it": "CloudFormation::CustomResource",
    "counted with logs of refusals": "EC2::FlowLog",
    "a free part of its service": """
        EC2::InternetGateway EC2::Route EC2::RouteTable EC2::SecurityGroup
        EC2::SecurityGroupEgress EC2::SecurityGroupIngress EC2::Subnet
        EC2::SubnetRouteTableAssociation EC2::VPC EC2::VPCGatewayAttachment
        EMR::SecurityConfiguration ElastiCache::SubnetGroup ElastiCache::User
        ElastiCache::UserGroup Logs::ResourcePolicy MSK::Configuration
        MSK::ClusterPolicy RDS::DBClusterParameterGroup RDS::DBSubnetGroup S3::BucketPolicy
        SNS::TopicPolicy SQS::QueuePolicy""",
    "events of AWS and schedules are free; their calls are counted": "Events::Rule",
    "the Glue Schema Registry is free": "Glue::Registry Glue::Schema Glue::SchemaVersion",
    "IAM is free": "IAM::InstanceProfile IAM::ManagedPolicy IAM::Policy IAM::Role",
    "counted with its key": "KMS::Alias",
    "counted with calls": "Lambda::EventInvokeConfig Lambda::LayerVersion Lambda::Permission",
    "counted with metrics of ours": "Logs::MetricFilter",
    "counted with what Kafka keeps": "MSK::Topic",
    "counted with the vault": "Backup::BackupPlan Backup::BackupSelection",
    "it costs what its answers scan": "Athena::NamedQuery",
    "counted with the ACU of its cluster": "RDS::DBInstance",
    "counted with its topic": "SNS::Subscription",
    "standard parameters are free": "SSM::Parameter",
}
FREE: Mapping[str, str] = {
    f"AWS::{kind}": reason for reason, kinds in _FREE.items() for kind in kinds.split()
}


def why_free(kind: str) -> str | None:
    """Why a type costs nothing; None for one that is not known to be free. ``Custom::`` is what
    CloudFormation calls resources that a function of the template makes."""
    return "counted with the function behind it" if kind.startswith("Custom::") else FREE.get(kind)
