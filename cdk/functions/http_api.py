"""The public part: an HTTP API that answers holders of a token and logs who asked."""

from __future__ import annotations

import json

from aws_cdk import Aws, RemovalPolicy
from aws_cdk import aws_apigatewayv2 as apigatewayv2
from aws_cdk import aws_apigatewayv2_authorizers as authorizers
from aws_cdk import aws_apigatewayv2_integrations as integrations
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from cdk.foundation import Foundation
from cdk.grants import acknowledge
from cdk.log_retention import log_group
from cdk.settings import EnvironmentSettings

_REQUESTS_PER_SECOND, _BURST = 50, 100
_LOGGED = (
    *("requestId", "requestTime", "routeKey", "path", "status", "responseLatency"),
    *("sourceIp", "subject", "error"),
)
_CONTEXT = {
    "sourceIp": "$context.identity.sourceIp",
    "subject": "$context.authorizer.claims.sub",
    "error": "$context.integrationErrorMessage",
}
_POOL_REASONS = {
    "AwsSolutions-COG2": "Tokens are given only to callers with rights of IAM, who use MFA there.",
    "AwsSolutions-COG3": "Nobody signs in from the internet; the plan Plus costs for each person.",
    "AwsSolutions-COG8": "Nobody signs in from the internet; the plan Plus costs for each person.",
}


class HttpApi(apigatewayv2.HttpApi):
    """Each GET with a valid JWT goes to `function`. Its signature, issuer, audience and time are
    checked before any code of ours runs. `readers` are the ids of the user pool, if one was made,
    and of its client, by the names of their outputs."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        foundation: Foundation,
        function: lambda_.IFunction,
    ) -> None:
        settings = foundation.settings
        authorizer, readers = _authorizer(scope, f"{id}Readers", settings)
        super().__init__(
            scope,
            id,
            api_name=settings.name("api"),
            create_default_stage=False,
            default_authorizer=authorizer,
        )
        self.readers = readers
        self.add_routes(
            path="/{path+}",
            methods=[apigatewayv2.HttpMethod.GET],
            integration=integrations.HttpLambdaIntegration("Answers", function),
        )
        access = log_group(self, "Access", foundation)
        stage = apigatewayv2.HttpStage(
            self,
            "Stage",
            http_api=self,
            stage_name="$default",
            auto_deploy=True,
            throttle=apigatewayv2.ThrottleSettings(
                rate_limit=_REQUESTS_PER_SECOND, burst_limit=_BURST
            ),
        )
        resource = stage.node.default_child
        assert isinstance(resource, apigatewayv2.CfnStage)
        resource.access_log_settings = apigatewayv2.CfnStage.AccessLogSettingsProperty(
            destination_arn=access.log_group_arn,
            format=json.dumps({name: _CONTEXT.get(name, f"$context.{name}") for name in _LOGGED}),
        )


def _authorizer(
    scope: Construct, id: str, settings: EnvironmentSettings
) -> tuple[authorizers.HttpJwtAuthorizer, dict[str, str]]:
    """It trusts the issuer of the settings, or a user pool that is made for this API."""
    if settings.api == "jwt":
        tokens = settings.tokens
        trusting = authorizers.HttpJwtAuthorizer(
            "Tokens", tokens.issuer, jwt_audience=[tokens.audience]
        )
        return trusting, {}
    pool = cognito.UserPool(
        scope,
        id,
        user_pool_name=settings.name("readers"),
        feature_plan=cognito.FeaturePlan.ESSENTIALS,
        self_sign_up_enabled=False,
        password_policy=cognito.PasswordPolicy(
            min_length=12,
            require_digits=True,
            require_lowercase=True,
            require_symbols=True,
            require_uppercase=True,
        ),
        deletion_protection=settings.deletion_protection,
        removal_policy=RemovalPolicy.DESTROY,
    )
    acknowledge(pool, _POOL_REASONS)
    client = pool.add_client(
        "Client",
        # Only whoever may call the pool by IAM gets a token; a password alone opens nothing.
        auth_flows=cognito.AuthFlow(admin_user_password=True),
        disable_o_auth=True,
        prevent_user_existence_errors=True,
    )
    issuer = f"https://cognito-idp.{Aws.REGION}.amazonaws.com/{pool.user_pool_id}"
    client_id = client.user_pool_client_id
    trusting = authorizers.HttpJwtAuthorizer("Tokens", issuer, jwt_audience=[client_id])
    return trusting, {"ReadersPool": pool.user_pool_id, "ReadersClient": client_id}
