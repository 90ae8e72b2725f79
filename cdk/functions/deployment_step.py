"""A function that CloudFormation calls on each deployment, and waits for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aws_cdk import (
    Acknowledgment,
    CustomResource,
    Duration,
    Validations,
    custom_resources,
)
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from cdk.functions.platform_function import PlatformFunction
from cdk.grants import explain_pattern
from cdk.log_retention import log_group
from cdk.settings import EnvironmentSettings

_LOGS_POLICY = "service-role/AWSLambdaBasicExecutionRole"
_REASONS = {
    "AwsSolutions-L1": "The CDK's own function; it moves to newer runtimes with the CDK.",
    f"AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/{_LOGS_POLICY}]": (
        "The CDK's own function writes to its log group by a managed policy."
    ),
    "AwsSolutions-SF1": "It waits for one function; what happened is in that function's log.",
    "AwsSolutions-SF2": "It waits for one function, whose calls are traced themselves.",
}
_ASK_EVERY = Duration.seconds(15)


class DeploymentStep(Construct):
    """Calls `function` when `properties` change. Then it calls `confirm`, if there is one, until
    that says that the deployment has arrived, for at most `patience`. A step that fails rolls the
    deployment back, which calls it again with the former properties."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        settings: EnvironmentSettings,
        key: kms.IKey,
        function: PlatformFunction,
        properties: Mapping[str, str],
        confirm: PlatformFunction | None = None,
        patience: Duration | None = None,
    ) -> None:
        super().__init__(scope, id)
        own_log = log_group(self, "Logs", settings=settings, key=key)
        provider = custom_resources.Provider(
            self,
            "Provider",
            on_event_handler=function,
            is_complete_handler=confirm,
            query_interval=_ASK_EVERY if confirm else None,
            total_timeout=patience,
            log_group=own_log,
        )
        self.resource = CustomResource(
            self,
            "Resource",
            service_token=provider.service_token,
            resource_type=f"Custom::{id}",
            properties=dict(properties),
        )
        # The rights of its role and the rules of its security group are made first.
        self.resource.node.add_dependency(*function.ways, *(confirm.ways if confirm else ()))
        _explain(provider, [function, *([confirm] if confirm else [])])


def _explain(provider: custom_resources.Provider, functions: Sequence[lambda_.IFunction]) -> None:
    for finding, reason in _REASONS.items():
        Validations.of(provider).acknowledge(Acknowledgment(id=finding, reason=reason))
    inner = [child for child in provider.node.children if isinstance(child, lambda_.Function)]
    for called in (*functions, *inner):
        explain_pattern(
            provider, f"{called.function_arn}:*", "The CDK calls whichever version is the latest."
        )
