"""A function of the platform: one handler of the functions' bundle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from aws_cdk import Acknowledgment, Aws, Duration, Validations
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from cdk.assets.build_folder import Assets
from cdk.grants import allow
from cdk.log_retention import log_group
from cdk.settings import EnvironmentSettings

RUNTIME = lambda_.Runtime.PYTHON_3_13
_NETWORK = (
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
)
_TRACES = ("xray:PutTelemetryRecords", "xray:PutTraceSegments")
_HTTPS = ec2.Port.tcp(443)


@dataclass(frozen=True)
class FunctionDefaults:
    """What all functions of an environment have in common."""

    settings: EnvironmentSettings
    assets: Assets
    vpc: ec2.IVpc
    subnets: ec2.SubnetSelection
    key: kms.IKey


class PlatformFunction(lambda_.Function):
    """Runs ``lambdas.NAME.handler`` in private subnets, with a role, a security group and a log
    group of its own. It reaches AWS and whatever lets it in. `ways` must exist before it can
    work."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        defaults: FunctionDefaults,
        name: str,
        description: str,
        environment: Mapping[str, str],
        timeout: Duration,
        handle: str = "handle",
        memory: int = 512,
    ) -> None:
        own_log = log_group(scope, f"{id}Logs", settings=defaults.settings, key=defaults.key)
        group = ec2.SecurityGroup(
            scope,
            f"{id}Network",
            vpc=defaults.vpc,
            description=description,
            allow_all_outbound=False,
        )
        group.add_egress_rule(ec2.Peer.any_ipv4(), _HTTPS, "Services of AWS")
        self.role_of_its_own = _role(scope, f"{id}Role", own_log, description)
        super().__init__(
            scope,
            id,
            description=description,
            runtime=RUNTIME,
            architecture=lambda_.Architecture.ARM_64,
            code=lambda_.Code.from_asset(str(defaults.assets.functions)),
            handler=f"lambdas.{name}.handler.{handle}",
            environment=dict(environment),
            environment_encryption=defaults.key,
            role=self.role_of_its_own,
            log_group=own_log,
            tracing=lambda_.Tracing.ACTIVE,
            timeout=timeout,
            memory_size=memory,
            vpc=defaults.vpc,
            vpc_subnets=defaults.subnets,
            security_groups=[group],
        )
        self.ways: tuple[Construct, ...] = (self.role_of_its_own, group)
        defaults.key.grant_decrypt(self.role_of_its_own)
        Validations.of(self).acknowledge(
            Acknowledgment(
                id="AwsSolutions-L1",
                reason="The bundle holds wheels for the Python it is made for.",
            )
        )


def _role(scope: Construct, id: str, own_log: logs.LogGroup, description: str) -> iam.Role:
    role = iam.Role(
        scope,
        id,
        assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
        description=description,
    )
    own_log.grant_write(role)
    allow(
        role,
        [*_NETWORK, *_TRACES],
        ["*"],
        because="Network interfaces and traces have no ARN before they are made.",
    )
    # Lambda itself makes the interfaces, and its requests name no source function (Lambda's guide,
    # "Using source function ARN to control function access behavior"). The code never needs them.
    role.add_to_policy(
        iam.PolicyStatement(
            effect=iam.Effect.DENY,
            actions=list(_NETWORK),
            resources=["*"],
            conditions={"ArnLike": {"lambda:SourceFunctionArn": _any_function()}},
        )
    )
    return role


def _any_function() -> str:
    # Not this function's ARN: it would wait for its role's policy, and the policy for it.
    return f"arn:{Aws.PARTITION}:lambda:{Aws.REGION}:{Aws.ACCOUNT_ID}:function:*"
