"""EMR on EC2: drivers on on-demand machines, executors on Spot, in private subnets."""

from __future__ import annotations

from aws_cdk import Acknowledgment, Aws, Stack, Tags, Validations
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_emr as emr
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from cdk.emr.machines import MachineNetwork, instances, managed_scaling
from cdk.functions.platform_function import PlatformFunction
from cdk.grants import allow
from cdk.lake.tables import Lake
from cdk.settings import EnvironmentSettings
from contracts.applications import Application
from contracts.aws.releases import EMR_RELEASE
from contracts.aws.spark_submit import Platform

# AWS's policy for the service covers only what has this tag.
EMR_TAG = "for-use-with-amazon-emr-managed-policies"
_SERVICE_POLICY = "service-role/AmazonEMRServicePolicy_v2"
# Each stream occupies a step as long as it lives, and during a hand-over there are two of each.
_STEPS_AT_ONCE = 32
_OBSERVE = ("elasticmapreduce:ListSteps",)
_CONTROL = (*_OBSERVE, "elasticmapreduce:AddJobFlowSteps")
_DISKS = (
    *("kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"),
    *("kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncryptFrom", "kms:ReEncryptTo"),
)


class EmrCluster(Construct):
    """All applications share the machines and therefore one role. Nothing is installed when a
    machine starts: the jobs bring what they need, so a machine needs no way to the internet."""

    platform: Platform = "yarn"

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        settings: EnvironmentSettings,
        vpc: ec2.IVpc,
        subnets: ec2.SubnetSelection,
        service_access: ec2.ISecurityGroup,
        key: kms.IKey,
        lake: Lake,
    ) -> None:
        super().__init__(scope, id)
        self._role = iam.Role(
            self, "MachineRole", assumed_by=iam.ServicePrincipal("ec2.amazonaws.com")
        )
        lake.grant_logs(self._role)
        key.grant(self._role, *_DISKS)
        profile = iam.CfnInstanceProfile(self, "Machines", roles=[self._role.role_name])
        service_role = _service_role(self, self._role, key)
        network = MachineNetwork(self, "Network", settings=settings, vpc=vpc)
        self.security_group = network.jobs
        ids = vpc.select_subnets(subnet_group_name=subnets.subnet_group_name).subnet_ids
        self._cluster = emr.CfnCluster(
            self,
            "Cluster",
            name=settings.name("jobs"),
            release_label=EMR_RELEASE,
            applications=[emr.CfnCluster.ApplicationProperty(name="Spark")],
            service_role=service_role.role_arn,
            job_flow_role=profile.ref,
            instances=instances(settings.emr, network, service_access, ids),
            managed_scaling_policy=managed_scaling(settings.emr),
            configurations=_on_demand_drivers(),
            security_configuration=_encrypted(self, key).ref,
            log_uri=lake.log_url,
            log_encryption_kms_key_id=key.key_arn,
            step_concurrency_level=_STEPS_AT_ONCE,
            scale_down_behavior="TERMINATE_AT_TASK_COMPLETION",
            visible_to_all_users=True,
        )
        # It can neither start nor end without the rights of its roles and the rules of its groups.
        self._cluster.node.add_dependency(service_role, self._role, network)
        Tags.of(self).add(EMR_TAG, "true")
        _explain(self._cluster)
        self.target = self._cluster.ref
        self.roles: dict[str, str] = {}

    def role_of(self, _application: Application) -> iam.IRole:
        """The role of the machines, which every application has."""
        return self._role

    def grant_confirm(self, function: PlatformFunction) -> None:
        """See which applications run. A cluster can be deleted at any time."""
        self._grant(function, _OBSERVE)

    def grant_control(self, function: PlatformFunction) -> None:
        """See, start and stop applications."""
        self._grant(function, _CONTROL)

    def _grant(self, function: PlatformFunction, actions: tuple[str, ...]) -> None:
        cluster = Stack.of(self).format_arn(
            service="elasticmapreduce", resource="cluster", resource_name=self.target
        )
        allow(function, actions, [cluster])


def _service_role(scope: Construct, machine_role: iam.IRole, key: kms.IKey) -> iam.Role:
    role = iam.Role(
        scope,
        "ServiceRole",
        assumed_by=iam.ServicePrincipal(
            "elasticmapreduce.amazonaws.com",
            conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},
        ),
        managed_policies=[iam.ManagedPolicy.from_aws_managed_policy_name(_SERVICE_POLICY)],
    )
    role.add_to_policy(
        iam.PolicyStatement(
            actions=["iam:PassRole"],
            resources=[machine_role.role_arn],
            conditions={"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}},
        )
    )
    key.grant(role, *_DISKS)
    # EC2 opens the disks on behalf of the service.
    role.add_to_policy(
        iam.PolicyStatement(
            actions=["kms:CreateGrant"],
            resources=[key.key_arn],
            conditions={"Bool": {"kms:GrantIsForAWSResource": "true"}},
        )
    )
    Validations.of(role).acknowledge(
        Acknowledgment(
            id=f"AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/{_SERVICE_POLICY}]",
            reason="AWS's policy for this service, limited to what is tagged for it.",
        )
    )
    return role


def _on_demand_drivers() -> list[emr.CfnCluster.ConfigurationProperty]:
    """YARN puts drivers only on core machines, which the Spot market cannot take away."""
    return [
        emr.CfnCluster.ConfigurationProperty(
            classification="yarn-site",
            configuration_properties={
                "yarn.node-labels.enabled": "true",
                "yarn.node-labels.am.default-node-label-expression": "CORE",
            },
        )
    ]


def _encrypted(scope: Construct, key: kms.IKey) -> emr.CfnSecurityConfiguration:
    # S3 encrypts by the bucket's own rule. Between machines the Nitro system encrypts.
    disks = {
        "EncryptionKeyProviderType": "AwsKms",
        "AwsKmsKey": key.key_arn,
        "EnableEbsEncryption": True,
    }
    return emr.CfnSecurityConfiguration(
        scope,
        "Security",
        security_configuration={
            "EncryptionConfiguration": {
                "EnableInTransitEncryption": False,
                "EnableAtRestEncryption": True,
                "AtRestEncryptionConfiguration": {"LocalDiskEncryptionConfiguration": disks},
            },
            "InstanceMetadataServiceConfiguration": {
                "MinimumInstanceMetadataServiceVersion": 2,
                "HttpPutResponseHopLimit": 1,
            },
        },
    )


def _explain(cluster: emr.CfnCluster) -> None:
    reasons = {
        "AwsSolutions-EMR4": "Disks are encrypted; the rule reads another layout of the document.",
        "AwsSolutions-EMR5": "Nitro machines encrypt what they send one another, in hardware.",
        "AwsSolutions-EMR6": "Nobody signs in to a machine: it has neither key pair nor way in.",
    }
    for finding, reason in reasons.items():
        Validations.of(cluster).acknowledge(Acknowledgment(id=finding, reason=reason))
