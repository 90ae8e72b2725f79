"""The streaming applications: where they run, what they may touch, and what keeps them running."""

from __future__ import annotations

from aws_cdk import Aws, Duration, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_logs as logs
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from cdk.assets.build_folder import Assets
from cdk.assets.published_package import PublishedPackage
from cdk.emr.cluster import EmrCluster
from cdk.emr.serverless import EmrServerless
from cdk.functions.deployment_step import DeploymentStep
from cdk.functions.platform_function import FunctionDefaults, PlatformFunction
from cdk.grants import allow
from cdk.kafka.topic_replication import TopicReplication
from cdk.log_retention import log_group
from cdk.settings import EnvironmentSettings
from contracts.applications import APPLICATIONS, Application, Endpoints
from contracts.aws.job_plan import JobPlan
from contracts.aws.spark_submit import DATABASE_ROOTS
from contracts.tables.roles import JOBS
from stacks.data import DataStack
from stacks.network import PRIVATE, NetworkStack

LOOK_EVERY = Duration.minutes(1)
# A driver runs within three minutes of its start. Three failures in a row, with the waits between
# them, fail the deployment before this.
_PATIENCE = Duration.minutes(45)


class ProcessingStack(Stack):
    """Stateless: checkpoints are caches in the lake, and answers are in the data stack.
    `controller` keeps the applications running on the cluster `cluster_id` or, where that is None,
    as runs of `application_id`."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        settings: EnvironmentSettings,
        network: NetworkStack,
        data: DataStack,
        assets: Assets,
    ) -> None:
        super().__init__(scope, id)
        self._settings, self._data = settings, data
        subnets = ec2.SubnetSelection(subnet_group_name=PRIVATE)
        self._defaults = FunctionDefaults(settings, assets, network.vpc, subnets, data.key)
        self._emr = self._where(network)
        self.cluster_id = self._emr.target if settings.compute == "ec2" else None
        self.application_id = self._emr.target if settings.compute == "serverless" else None
        for store in (data.kafka, data.postgres, data.valkey):
            store.allow_from(self._emr.security_group)
        self._package = PublishedPackage(
            self, "Package", assets=assets, processor=settings.processor
        )
        self.metric_log = self._metric_log()
        for application in APPLICATIONS:
            self._allow(application)
        self._switch = ssm.StringParameter(
            self,
            "Switch",
            description="Whether the streaming applications are to run: run or stop",
            string_value="run",
        )
        self._environment = {
            "JOB_PLAN": self.to_json_string(self._plan().document()),
            "JOB_SWITCH": self._switch.parameter_name,
        }
        self.controller = self._controller()
        self._deployment(self._confirmation())
        if settings.replicate_from is not None:
            TopicReplication(
                self,
                "Replication",
                settings=settings,
                source=settings.replicate_from,
                kafka=data.kafka,
                vpc=network.vpc,
                subnets=subnets,
                key=data.key,
            )

    def _where(self, network: NetworkStack) -> EmrCluster | EmrServerless:
        settings, data = self._settings, self._data
        vpc, subnets = self._defaults.vpc, self._defaults.subnets
        if settings.compute == "serverless":
            return EmrServerless(
                self, "Emr", settings=settings, vpc=vpc, subnets=subnets, lake=data.lake
            )
        assert network.emr_service_access is not None
        return EmrCluster(
            self,
            "Emr",
            settings=settings,
            vpc=vpc,
            subnets=subnets,
            service_access=network.emr_service_access,
            key=data.key,
            lake=data.lake,
        )

    def _metric_log(self) -> logs.LogGroup:
        return log_group(
            self,
            "MetricLog",
            settings=self._settings,
            key=self._data.key,
            name=self._settings.name("jobs"),
        )

    def _allow(self, application: Application) -> None:
        """Grants one application what it reads and writes."""
        data, role = self._data, self._emr.role_of(application)
        data.kafka.grant_read(role, application.reads, application.group)
        if application.writes:
            data.kafka.grant_write(role, application.writes)
        data.registry.grant_read(role)
        data.lake.grant_read_write(role)
        data.lake.grant_checkpoint(role, application.name)
        data.postgres.grant_connect(role, JOBS)
        if application.hot:
            data.valkey.grant_connect(role)
        self._package.grant_read(role)
        self.metric_log.grant_write(role)

    def _plan(self) -> JobPlan:
        settings, data = self._settings, self._data
        return JobPlan(
            platform=self._emr.platform,
            target=self._emr.target,
            region=Aws.REGION,
            kafka_cluster=data.kafka.cluster_arn,
            package=self._package.package,
            endpoints=Endpoints(
                bootstrap_servers="",
                kafka_auth="msk-iam",
                registry=f"glue:{data.registry.registry_name}",
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
            defaults=self._defaults,
            name="job_controller",
            description="Keep one driver of each streaming application running",
            environment=self._environment,
            timeout=Duration.minutes(2),
        )
        self._emr.grant_control(function)
        self._data.kafka.grant_find(function)
        self._grant_switch(function, "ssm:GetParameter", "ssm:PutParameter")
        self._schedule = events.Rule(self, "Schedule", schedule=events.Schedule.rate(LOOK_EVERY))
        # The next minute's call is the second try.
        self._schedule.add_target(targets.LambdaFunction(function, retry_attempts=0))
        return function

    def _confirmation(self) -> PlatformFunction:
        function = PlatformFunction(
            self,
            "Confirmation",
            defaults=self._defaults,
            name="job_controller",
            handle="confirm",
            description="Say whether the applications of a deployment have arrived",
            environment=self._environment,
            timeout=Duration.minutes(1),
        )
        self._emr.grant_confirm(function)
        self._grant_switch(function, "ssm:GetParameter")
        return function

    def _grant_switch(self, function: PlatformFunction, *actions: str) -> None:
        allow(function, actions, [self._switch.parameter_arn])

    def _deployment(self, confirmation: PlatformFunction) -> None:
        step = DeploymentStep(
            self,
            "Applications",
            settings=self._settings,
            key=self._data.key,
            function=self.controller,
            confirm=confirmation,
            patience=_PATIENCE,
            properties={"Plan": self._environment["JOB_PLAN"]},
        )
        # The applications' permissions are made before the applications start. The schedule is made
        # last and deleted first: otherwise it would start again what a deletion has just ended.
        step.resource.node.add_dependency(self._emr)
        self._schedule.node.add_dependency(step.resource)
