"""A small environment with one of everything that costs money."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from contracts.applications import Endpoints
from contracts.aws.job_plan import JobPlan
from contracts.aws.spark_submit import Package, Sizes
from ops.commands.cost.environment import Environment, Resource
from ops.commands.cost.meters import usages_of
from ops.commands.cost.month import LOADS, Month

_FUNCTION = {"MemorySize": 512, "Architectures": ["arm64"], "TracingConfig": {"Mode": "Active"}}
_FLEET = {"TargetOnDemandCapacity": 2, "InstanceTypeConfigs": [{"InstanceType": "r7g.xlarge"}]}
RESOURCES: dict[str, tuple[str, Mapping[str, Any]]] = {
    "Api": ("AWS::ApiGatewayV2::Api", {}),
    "Integration": (
        "AWS::ApiGatewayV2::Integration",
        {"IntegrationUri": {"Fn::GetAtt": ["QueryApi", "Arn"]}},
    ),
    "Analysts": ("AWS::Athena::WorkGroup", {}),
    "Copied": ("AWS::Backup::BackupVault", {}),
    "Lag": ("AWS::CloudWatch::Alarm", {"MetricName": "lag_offsets"}),
    "Quality": (
        "AWS::CloudWatch::Alarm",
        {"Metrics": [{"MetricStat": {}}, {"MetricStat": {}}, {"Expression": "a / b"}]},
    ),
    "Anything": ("AWS::CloudWatch::CompositeAlarm", {}),
    "Operator": ("AWS::CloudWatch::Dashboard", {}),
    "Address": ("AWS::EC2::EIP", {}),
    "Nat": ("AWS::EC2::NatGateway", {}),
    "S3": ("AWS::EC2::VPCEndpoint", {"VpcEndpointType": "Gateway"}),
    "Sts": (
        "AWS::EC2::VPCEndpoint",
        {"VpcEndpointType": "Interface", "SubnetIds": ["a", "b", "c"]},
    ),
    "Emr": (
        "AWS::EMR::Cluster",
        {"Instances": {"CoreInstanceFleet": _FLEET, "TaskInstanceFleets": []}},
    ),
    "Spark": ("AWS::EMRServerless::Application", {"Architecture": "ARM64"}),
    "Valkey": (
        "AWS::ElastiCache::ReplicationGroup",
        {"NumNodeGroups": 2, "ReplicasPerNodeGroup": 1, "CacheNodeType": "cache.m7g.large"},
    ),
    "Silver": ("AWS::Glue::Database", {}),
    "Key": ("AWS::KMS::Key", {}),
    "Alerts": (
        "AWS::Lambda::EventSourceMapping",
        {
            "FunctionName": {"Ref": "Notifier"},
            "ProvisionedPollerConfig": {"MinimumPollers": 1, "MaximumPollers": 3},
            "MetricsConfig": {"Metrics": ["EventCount"]},
        },
    ),
    "Notifier": ("AWS::Lambda::Function", _FUNCTION),
    "QueryApi": ("AWS::Lambda::Function", _FUNCTION),
    "Canary": ("AWS::Lambda::Function", _FUNCTION),
    "Optimizers": (
        "AWS::Lambda::Function",
        {"Environment": {"Variables": {"SNAPSHOT_HOURS": "120"}}},
    ),
    "CanarySchedule": (
        "AWS::Events::Rule",
        {
            "ScheduleExpression": "rate(5 minutes)",
            "Targets": [{"Arn": {"Fn::GetAtt": ["Canary", "Arn"]}}],
        },
    ),
    "Logs": ("AWS::Logs::LogGroup", {"RetentionInDays": 90, "KmsKeyId": "key"}),
    "Kafka": (
        "AWS::MSK::Cluster",
        {
            "NumberOfBrokerNodes": 3,
            "BrokerNodeGroupInfo": {
                "InstanceType": "express.m7g.large",
                "ConnectivityInfo": {"VpcConnectivity": {}},
            },
            "EnhancedMonitoring": "PER_TOPIC_PER_BROKER",
        },
    ),
    "Clicks": ("AWS::MSK::Topic", {}),
    "Copies": ("AWS::MSK::Replicator", {}),
    "Postgres": (
        "AWS::RDS::DBCluster",
        {
            "ServerlessV2ScalingConfiguration": {"MinCapacity": 0.5, "MaxCapacity": 16},
            "ManageMasterUserPassword": True,
        },
    ),
    "Writer": ("AWS::RDS::DBInstance", {"DBInstanceClass": "db.serverless"}),
    "Lake": (
        "AWS::S3::Bucket",
        {
            "LifecycleConfiguration": {
                "Rules": [
                    {"NoncurrentVersionExpiration": {"NoncurrentDays": 7}},
                    {"ExpirationInDays": 90},
                    {"Transitions": [{"TransitionInDays": 30}]},
                ]
            }
        },
    ),
    "Told": ("AWS::SNS::Topic", {}),
    "Person": ("AWS::SNS::Subscription", {"Protocol": "email"}),
    "Failed": ("AWS::SQS::Queue", {}),
    "Token": ("AWS::SecretsManager::Secret", {}),
    "Waiter": ("AWS::StepFunctions::StateMachine", {}),
}


def environment(**changed: tuple[str, Mapping[str, Any]]) -> Environment:
    """One of everything, with `changed` resources by logical id."""
    resources = {**RESOURCES, **changed}
    return Environment(
        tuple(Resource(name, kind, given) for name, (kind, given) in resources.items())
    )


def without(*names: str) -> Environment:
    """One of everything but the resources of those logical ids."""
    return Environment(tuple(one for one in environment().resources if one.logical_id not in names))


def used(kind: str, load: str = "base", within: Environment | None = None) -> dict[str, Decimal]:
    """What resources of one type use, summed by price."""
    total: dict[str, Decimal] = {}
    for usage in usages_of(kind, Month(within or environment(), LOADS[load])):
        total[usage.price] = total.get(usage.price, Decimal(0)) + usage.quantity
    return total


def planned(sizes: Sizes, **triggers: int) -> Environment:
    """One of everything, with a plan of these jobs."""
    plan = JobPlan(
        platform="serverless",
        target="TARGET",
        region="us-east-1",
        kafka_cluster="arn",
        package=Package("code", "entry", ("jar",), "dependencies"),
        endpoints=Endpoints(
            "", "msk-iam", "glue:schemas", "glue", "s3://w", "s3://c", "postgresql://p"
        ),
        sizes=dict.fromkeys(triggers, sizes),
        triggers=triggers,
        roles={},
        log_url="s3://logs",
    )
    return replace(environment(), plan=plan)
