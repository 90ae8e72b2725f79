"""The streaming applications: where they run, what they may touch, and what keeps them running."""

from __future__ import annotations

from aws_cdk import Aws, Duration, Environment, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from cdk.assets.published_package import PublishedPackage
from cdk.assets.published_plan import PublishedPlan
from cdk.emr.cluster import EmrCluster
from cdk.emr.serverless import EmrServerless
from cdk.functions.deployment_step import DeploymentStep
from cdk.functions.platform_function import PlatformFunction
from cdk.grants import allow
from cdk.kafka.topic_replication import TopicReplication
from cdk.log_retention import log_group
from cdk.outputs import tell
from contracts.applications import (
    APPLICATIONS,
    CLICK_ANSWERS,
    INGEST,
    Application,
    Endpoints,
)
from contracts.aws.job_plan import JobPlan
from contracts.aws.spark_submit import DATABASE_ROOTS, DATABASE_ROOTS_FILE
from contracts.tables.roles import JOBS, READER
from stacks.data import DataStack
from stacks.network import NetworkStack

LOOK_EVERY = Duration.minutes(1)
# A driver runs within three minutes of its start. Three failures in a row, with the waits between
# them, fail the deployment before this.
_PATIENCE = Duration.minutes(45)


class ProcessingStack(Stack):
    """Stateless: checkpoints are caches in the lake, and answers are in the data stack.
    `controller` keeps the applications running on the cluster `cluster_id` or, where that is None,
    on EMR Serverless."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        network: NetworkStack,
        data: DataStack,
        env: Environment | None = None,
    ) -> None:
        super().__init__(scope, id, env=env)
        self._data, self._foundation = data, data.foundation
        settings = self._foundation.settings
        self._emr = self._where(network)
        self.cluster_id = self._emr.target if settings.compute == "ec2" else None
        for store in (data.kafka, data.postgres, data.valkey):
            store.allow_from(self._emr.security_group)
        self._package = PublishedPackage(
            self, "Package", assets=self._foundation.assets, processor=settings.processor
        )
        self.metric_log = log_group(self, "MetricLog", self._foundation, name=settings.name("jobs"))
        for application in APPLICATIONS:
            self._allow(application)
        self._switch = ssm.StringParameter(
            self,
            "Switch",
            description="Whether the streaming applications are to run: run or stop",
            string_value="run",
        )
        self._published = PublishedPlan(self, "Plan", plan=self._plan())
        self._environment = {
            **self._published.variables,
            "JOB_SWITCH": self._switch.parameter_name,
        }
        self.controller = self._controller()
        tell(self, ControllerFunction=self.controller.function_name)
        self._deployment(self._confirmation())
        if settings.replicate_from is not None:
            TopicReplication(
                self,
                "Replication",
                foundation=self._foundation,
                source=settings.replicate_from,
                kafka=data.kafka,
            )

    def _where(self, network: NetworkStack) -> EmrCluster | EmrServerless:
        foundation, lake = self._foundation, self._data.lake
        if foundation.settings.compute == "serverless":
            return EmrServerless(self, "Emr", foundation=foundation, lake=lake)
        access = network.emr_service_access
        assert access is not None
        return EmrCluster(self, "Emr", foundation=foundation, service_access=access, lake=lake)

    def _allow(self, application: Application) -> None:
        """Grants one application what it reads and writes."""
        data, role = self._data, self._emr.role_of(application)
        data.kafka.grant_read(role, application.reads, application.group)
        if application.writes:
            data.kafka.grant_write(role, application.writes)
        data.registry.grant_read(role)
        if application == INGEST:
            data.lake.grant_read_write(role)
        elif application == CLICK_ANSWERS:
            # It looks for clicks whose copies were counted long ago.
            data.lake.grant_read(role, "silver")
        data.lake.grant_checkpoint(role, application.name)
        data.postgres.grant_connect(role, JOBS)
        if application.hot:
            data.valkey.grant_connect(role, data.valkey.user)
        self._package.grant_read(role)
        self._decrypt_assets(role)
        self.metric_log.grant_write(role)

    def _decrypt_assets(self, grantee: iam.IGrantable) -> None:
        """What is uploaded may be encrypted with a key of the account's own."""
        if key := self._foundation.settings.assets_key:
            allow(grantee, ["kms:Decrypt"], [key])

    def _plan(self) -> JobPlan:
        settings, data = self._foundation.settings, self._data
        return JobPlan(
            platform=self._emr.platform,
            target=self._emr.target,
            region=Aws.REGION,
            kafka_cluster=data.kafka.cluster_arn,
            package=self._package.package,
            endpoints=Endpoints(
                bootstrap_servers="",
                kafka_auth="msk-iam",
                registry=data.registry.spec,
                catalog="glue",
                warehouse=data.lake.warehouse_url,
                checkpoint=data.lake.checkpoint_url,
                postgres=data.postgres.url(JOBS, DATABASE_ROOTS),
                postgres_auth="rds-iam",
                metrics=f"logs:{self.metric_log.log_group_name}",
                valkey=data.valkey.url,
            ),
            sizes=dict(settings.sizes),
            triggers=dict(settings.triggers),
            roles=self._emr.roles,
            log_url=data.lake.log_url,
        )

    def _controller(self) -> PlatformFunction:
        function = PlatformFunction(
            self,
            "Controller",
            foundation=self._foundation,
            name="job_controller",
            description="Keep one driver of each streaming application running",
            environment=self._environment,
            timeout=Duration.minutes(2),
        )
        self._published.grant_read(function)
        self._decrypt_assets(function)
        self._emr.grant_control(function)
        self._data.kafka.grant_find(function)
        allow(function, ["ssm:GetParameter", "ssm:PutParameter"], [self._switch.parameter_arn])
        self._schedule = events.Rule(self, "Schedule", schedule=events.Schedule.rate(LOOK_EVERY))
        # The next minute's call is the second try.
        self._schedule.add_target(targets.LambdaFunction(function, retry_attempts=0))
        return function

    def _confirmation(self) -> PlatformFunction:
        function = PlatformFunction(
            self,
            "Confirmation",
            foundation=self._foundation,
            name="job_controller",
            handle="confirm",
            description="Say whether the applications of a deployment have arrived",
            environment={
                **self._environment,
                "POSTGRES_URL": self._data.postgres.url(READER, DATABASE_ROOTS_FILE),
            },
            timeout=Duration.minutes(1),
        )
        self._data.postgres.grant_connect(function, READER)
        self._data.postgres.allow_from(function)
        self._published.grant_read(function)
        self._decrypt_assets(function)
        self._emr.grant_confirm(function)
        allow(function, ["ssm:GetParameter"], [self._switch.parameter_arn])
        return function

    def _deployment(self, confirmation: PlatformFunction) -> None:
        step = DeploymentStep(
            self,
            "Applications",
            foundation=self._foundation,
            function=self.controller,
            confirm=confirmation,
            patience=_PATIENCE,
            properties={
                "Plan": self._environment["JOB_PLAN"],
                "Values": self._environment["JOB_PLAN_VALUES"],
            },
        )
        # The applications' permissions are made before the applications start. The schedule is made
        # last and deleted first: otherwise it would start again what a deletion has just ended.
        step.resource.node.add_dependency(self._emr)
        self._schedule.node.add_dependency(step.resource)
