"""EMR Serverless: no machines of ours, and a role for each application."""

from __future__ import annotations

from aws_cdk import Aws
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_emrserverless as emrserverless
from aws_cdk import aws_iam as iam
from constructs import Construct

from cdk.foundation import Foundation
from cdk.functions.platform_function import PlatformFunction
from cdk.grants import allow, allow_pass
from cdk.lake.tables import Lake
from contracts.applications import APPLICATIONS, Application
from contracts.aws.releases import EMR_RELEASE
from contracts.aws.spark_submit import Platform

_SERVICE = "emr-serverless.amazonaws.com"
# A limit of cost, above what all applications take while each hands over to its successor. It is
# not derived from their sizes, because it can be changed only while the application is stopped.
_MOST = {"cpu": "64 vCPU", "memory": "256 GB", "disk": "2000 GB"}
_IDLE_MINUTES = 15
_OBSERVE = ("emr-serverless:ListJobRuns",)
_CONTROL = (*_OBSERVE, "emr-serverless:StartJobRun")
_SHUT_DOWN = ("emr-serverless:GetApplication", "emr-serverless:StopApplication")


class EmrServerless(Construct):
    """It starts with the first run, and stops when nothing has run for a while. A newer release is
    another application."""

    platform: Platform = "serverless"

    def __init__(self, scope: Construct, id: str, *, foundation: Foundation, lake: Lake) -> None:
        super().__init__(scope, id)
        self.security_group = _network(self, foundation)
        kind = emrserverless.CfnApplication
        self._application = kind(
            self,
            # The service changes a release only while nothing runs. Under another name the newer
            # one is made beside it, and the applications start there and take over.
            f"Application-{EMR_RELEASE}",
            name=foundation.settings.name("jobs"),
            release_label=EMR_RELEASE,
            type="SPARK",
            architecture="ARM64",
            auto_start_configuration=kind.AutoStartConfigurationProperty(enabled=True),
            auto_stop_configuration=kind.AutoStopConfigurationProperty(
                enabled=True, idle_timeout_minutes=_IDLE_MINUTES
            ),
            maximum_capacity=kind.MaximumAllowedResourcesProperty(**_MOST),
            network_configuration=kind.NetworkConfigurationProperty(
                subnet_ids=foundation.subnet_ids,
                security_group_ids=[self.security_group.security_group_id],
            ),
            monitoring_configuration=kind.MonitoringConfigurationProperty(
                s3_monitoring_configuration=kind.S3MonitoringConfigurationProperty(
                    log_uri=lake.log_url
                ),
                # EMR's own copy of the logs would be outside the shop's bucket and its key.
                managed_persistence_monitoring_configuration=(
                    kind.ManagedPersistenceMonitoringConfigurationProperty(enabled=False)
                ),
            ),
        )
        self.target = self._application.attr_application_id
        self._roles = {app.name: self._role(app, lake) for app in APPLICATIONS}
        self.roles = {name: role.role_arn for name, role in self._roles.items()}

    def role_of(self, application: Application) -> iam.IRole:
        """The role under which its runs are started."""
        return self._roles[application.name]

    def grant_confirm(self, function: PlatformFunction) -> None:
        """See which applications run and, before a deletion, stop what they ran on."""
        allow(function, [*_OBSERVE, *_SHUT_DOWN], [self._application.attr_arn])

    def grant_control(self, function: PlatformFunction) -> None:
        """See, start and stop applications."""
        allow(function, _CONTROL, [self._application.attr_arn])
        allow(
            function,
            ["emr-serverless:CancelJobRun"],
            [f"{self._application.attr_arn}/jobruns/*"],
            because="A run has no ARN before it is started.",
        )
        allow_pass(function, list(self.roles.values()), _SERVICE)

    def _role(self, application: Application, lake: Lake) -> iam.Role:
        role = iam.Role(
            self,
            f"Role-{application.name}",
            description=f"The streaming application {application.name}",
            assumed_by=iam.ServicePrincipal(
                _SERVICE,
                conditions={
                    "StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID},
                    "ArnEquals": {"aws:SourceArn": self._application.attr_arn},
                },
            ),
        )
        lake.grant_logs(role)
        return role


def _network(scope: Construct, foundation: Foundation) -> ec2.SecurityGroup:
    group = foundation.security_group(scope, "Network", "Streaming applications")
    group.add_egress_rule(ec2.Peer.any_ipv4(), ec2.Port.tcp(443), "Services of AWS")
    # Drivers and executors.
    group.add_ingress_rule(group, ec2.Port.all_tcp())
    group.add_egress_rule(group, ec2.Port.all_tcp())
    return group
