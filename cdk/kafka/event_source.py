"""A topic that calls a function: Lambda's event source for Kafka, with its own pollers."""

from __future__ import annotations

import jsii
from aws_cdk import Duration
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from constructs import Construct

from cdk.functions.platform_function import PlatformFunction
from cdk.grants import allow
from cdk.kafka.cluster import KafkaCluster
from cdk.lake.tables import Lake
from contracts.topics import Topic

_BATCH = 100
_WINDOW = Duration.seconds(1)
_TRIES = 10
_OLDEST = Duration.hours(6)


class KafkaEventSource(Construct):
    """Calls `function` with batches of `topic` as the consumer group `group`. A failed batch is
    halved and tried again. What still fails then is kept in the lake's bucket."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        function: PlatformFunction,
        kafka: KafkaCluster,
        lake: Lake,
        topic: Topic,
        group: str,
    ) -> None:
        super().__init__(scope, id)
        kafka.grant_poll(function, [topic], group)
        lake.grant_failed_batches(function)
        # Lambda asks this before it puts its pollers into the cluster's subnets.
        allow(
            function,
            ["ec2:DescribeSecurityGroups", "ec2:DescribeVpcs"],
            ["*"],
            because="Descriptions of the network cannot be limited to a part of it.",
        )
        self.mapping = mapping = lambda_.EventSourceMapping(
            self,
            "Resource",
            target=function,
            event_source_arn=kafka.cluster_arn,
            kafka_topic=topic.name,
            kafka_consumer_group_id=group,
            starting_position=lambda_.StartingPosition.TRIM_HORIZON,
            batch_size=_BATCH,
            max_batching_window=_WINDOW,
            # Only provisioned pollers count tries, halve a batch and keep what failed.
            provisioned_poller_config=lambda_.ProvisionedPollerConfig(
                minimum_pollers=1, maximum_pollers=topic.cloud_partitions
            ),
            retry_attempts=_TRIES,
            max_record_age=_OLDEST,
            bisect_batch_on_error=True,
            on_failure=_KeptIn(lake.bucket),
            support_s3_on_failure_destination=True,
            # Without it nobody would know that a batch was given up.
            metrics_config=lambda_.MetricsConfig(metrics=[lambda_.MetricType.EVENT_COUNT]),
        )
        # Lambda checks the role's rights when it makes the source.
        mapping.node.add_dependency(function.role_of_its_own)


@jsii.implements(lambda_.IEventSourceDlq)
class _KeptIn:
    """A bucket. The library's own destination would grant patterns of actions on all of it."""

    def __init__(self, bucket: s3.IBucket) -> None:
        self._bucket = bucket

    def bind(
        self, _target: lambda_.IEventSourceMapping, _handler: lambda_.IFunction
    ) -> lambda_.DlqDestinationConfig:
        return lambda_.DlqDestinationConfig(destination=self._bucket.bucket_arn)
