"""A function of the platform: one handler of the functions' bundle."""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import Aws, Duration
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from cdk.foundation import Foundation
from cdk.grants import acknowledge, allow
from cdk.log_retention import log_group

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


class PlatformFunction(lambda_.Function):
    """Runs ``lambdas.NAME.handler`` in private subnets, with a role, a security group and a log
    group of its own. It reaches AWS and whatever lets it in. `ways` must exist before it can
    work. It has a `physical_name` where people call it."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        foundation: Foundation,
        name: str,
        description: str,
        environment: Mapping[str, str],
        timeout: Duration,
        handle: str = "handle",
        memory: int = 512,
        physical_name: str | None = None,
    ) -> None:
        own_log = log_group(scope, f"{id}Logs", foundation)
        group = foundation.security_group(scope, f"{id}Network", description)
        group.add_egress_rule(ec2.Peer.any_ipv4(), _HTTPS, "Services of AWS")
        self.role_of_its_own = _role(scope, f"{id}Role", own_log, description)
        super().__init__(
            scope,
            id,
            function_name=physical_name,
            description=description,
            runtime=RUNTIME,
            architecture=lambda_.Architecture.ARM_64,
            code=lambda_.Code.from_asset(str(foundation.assets.functions)),
            handler=f"lambdas.{name}.handler.{handle}",
            environment=dict(environment),
            environment_encryption=foundation.key,
            role=self.role_of_its_own,
            log_group=own_log,
            tracing=lambda_.Tracing.ACTIVE,
            timeout=timeout,
            memory_size=memory,
            vpc=foundation.vpc,
            vpc_subnets=foundation.subnets,
            security_groups=[group],
        )
        self.ways: tuple[Construct, ...] = (self.role_of_its_own, group)
        foundation.key.grant_decrypt(self.role_of_its_own)
        reason = "The bundle holds wheels for the Python it is made for."
        acknowledge(self, {"AwsSolutions-L1": reason})


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
    # Not this function's ARN: it would wait for its role's policy, and the policy for it.
    functions = f"arn:{Aws.PARTITION}:lambda:{Aws.REGION}:{Aws.ACCOUNT_ID}:function:*"
    role.add_to_policy(
        iam.PolicyStatement(
            effect=iam.Effect.DENY,
            actions=list(_NETWORK),
            resources=["*"],
            conditions={"ArnLike": {"lambda:SourceFunctionArn": functions}},
        )
    )
    return role
