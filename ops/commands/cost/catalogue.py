"""Every type of resource with its meters, or the reason why it costs nothing."""

from __future__ import annotations

from collections.abc import Mapping

from ops.commands.cost import compute, functions, kafka, lake, network, observability, stores
from ops.commands.cost.usage import Meter

METERS: Mapping[str, tuple[Meter, ...]] = {
    "AWS::ApiGatewayV2::Api": (functions.api,),
    "AWS::Athena::WorkGroup": (lake.analysts,),
    "AWS::CloudWatch::Alarm": (observability.alarms,),
    "AWS::CloudWatch::CompositeAlarm": (observability.composite_alarms,),
    "AWS::CloudWatch::Dashboard": (observability.dashboards,),
    "AWS::EC2::EIP": (network.addresses,),
    "AWS::EC2::NatGateway": (network.nat_gateways,),
    "AWS::EC2::VPCEndpoint": (network.endpoints,),
    "AWS::EMR::Cluster": (compute.clusters,),
    "AWS::EMRServerless::Application": (compute.applications,),
    "AWS::ElastiCache::ReplicationGroup": (stores.valkey,),
    "AWS::Glue::Database": (lake.catalog, lake.optimizers),
    "AWS::KMS::Key": (stores.keys,),
    "AWS::Lambda::EventSourceMapping": (functions.pollers,),
    "AWS::Lambda::Function": (functions.functions,),
    "AWS::Logs::LogGroup": (observability.logs_and_metrics,),
    "AWS::MSK::Cluster": (kafka.brokers, network.between_zones),
    "AWS::MSK::Replicator": (network.replication,),
    "AWS::RDS::DBCluster": (stores.aurora,),
    "AWS::S3::Bucket": (lake.buckets,),
    "AWS::SNS::Topic": (functions.notifications,),
    "AWS::SQS::Queue": (functions.queues,),
    "AWS::SecretsManager::Secret": (stores.secrets,),
    "AWS::StepFunctions::StateMachine": (functions.state_machines,),
}

_ELSEWHERE = "counted with"
_FREE_PART = "a free part of its service"
FREE: Mapping[str, str] = {
    "AWS::ApiGatewayV2::Authorizer": f"{_ELSEWHERE} API requests",
    "AWS::ApiGatewayV2::Integration": f"{_ELSEWHERE} API requests",
    "AWS::ApiGatewayV2::Route": f"{_ELSEWHERE} API requests",
    "AWS::ApiGatewayV2::Stage": f"{_ELSEWHERE} API requests",
    "AWS::Budgets::Budget": "budgets without actions are free",
    "AWS::CDK::Metadata": "a note of the CDK, no resource",
    "AWS::CloudFormation::CustomResource": f"{_ELSEWHERE} the function behind it",
    "AWS::EC2::FlowLog": f"{_ELSEWHERE} logs of refusals",
    "AWS::EC2::InternetGateway": _FREE_PART,
    "AWS::EC2::Route": _FREE_PART,
    "AWS::EC2::RouteTable": _FREE_PART,
    "AWS::EC2::SecurityGroup": _FREE_PART,
    "AWS::EC2::SecurityGroupEgress": _FREE_PART,
    "AWS::EC2::SecurityGroupIngress": _FREE_PART,
    "AWS::EC2::Subnet": _FREE_PART,
    "AWS::EC2::SubnetRouteTableAssociation": _FREE_PART,
    "AWS::EC2::VPC": _FREE_PART,
    "AWS::EC2::VPCGatewayAttachment": _FREE_PART,
    "AWS::EMR::SecurityConfiguration": _FREE_PART,
    "AWS::ElastiCache::SubnetGroup": _FREE_PART,
    "AWS::ElastiCache::User": _FREE_PART,
    "AWS::ElastiCache::UserGroup": _FREE_PART,
    "AWS::Events::Rule": "events of AWS and schedules are free; their calls are counted",
    "AWS::Glue::Registry": "the Glue Schema Registry is free",
    "AWS::Glue::Schema": "the Glue Schema Registry is free",
    "AWS::Glue::SchemaVersion": "the Glue Schema Registry is free",
    "AWS::IAM::InstanceProfile": "IAM is free",
    "AWS::IAM::ManagedPolicy": "IAM is free",
    "AWS::IAM::Policy": "IAM is free",
    "AWS::IAM::Role": "IAM is free",
    "AWS::KMS::Alias": f"{_ELSEWHERE} its key",
    "AWS::Lambda::EventInvokeConfig": f"{_ELSEWHERE} calls",
    "AWS::Lambda::LayerVersion": f"{_ELSEWHERE} calls",
    "AWS::Lambda::Permission": f"{_ELSEWHERE} calls",
    "AWS::Logs::MetricFilter": f"{_ELSEWHERE} metrics of ours",
    "AWS::Logs::ResourcePolicy": _FREE_PART,
    "AWS::MSK::Configuration": _FREE_PART,
    "AWS::MSK::Topic": f"{_ELSEWHERE} what Kafka keeps",
    "AWS::RDS::DBClusterParameterGroup": _FREE_PART,
    "AWS::RDS::DBInstance": f"{_ELSEWHERE} the ACU of its cluster",
    "AWS::RDS::DBSubnetGroup": _FREE_PART,
    "AWS::S3::BucketPolicy": _FREE_PART,
    "AWS::SNS::Subscription": f"{_ELSEWHERE} its topic",
    "AWS::SNS::TopicPolicy": _FREE_PART,
    "AWS::SQS::QueuePolicy": _FREE_PART,
    "AWS::SSM::Parameter": "standard parameters are free",
}
# CloudFormation's name for resources that a function of the template makes.
CUSTOM = "Custom::"


def unmetered(types: frozenset[str]) -> list[str]:
    """The types of which nobody has said what they cost."""
    return sorted(
        kind
        for kind in types
        if kind not in METERS and kind not in FREE and not kind.startswith(CUSTOM)
    )
