"""All stacks of one environment, put together."""

from __future__ import annotations

from aws_cdk import Environment, Tags
from aws_cdk import aws_iam as iam
from constructs import Construct

from cdk.assets.build_folder import Assets
from cdk.settings import OWN_TAGS, EnvironmentSettings
from stacks.data import DataStack
from stacks.functions import FunctionsStack
from stacks.network import NetworkStack
from stacks.observability import ObservabilityStack
from stacks.processing import ProcessingStack


def environment(scope: Construct, settings: EnvironmentSettings, assets: Assets) -> None:
    """Adds the stacks to `scope` in the order in which they are deployed, named
    ``shopstream-ENVIRONMENT-PART``."""
    # With an account the CDK's command refuses to deploy with the credentials of another one.
    where = (
        Environment(account=settings.account, region=settings.region) if settings.account else None
    )
    network = NetworkStack(scope, settings.name("network"), settings=settings, env=where)
    data = DataStack(
        scope, settings.name("data"), settings=settings, network=network, assets=assets, env=where
    )
    functions = FunctionsStack(scope, settings.name("functions"), data=data, env=where)
    processing = ProcessingStack(
        scope, settings.name("processing"), network=network, data=data, env=where
    )
    # The applications need the tables and the users that the migrations make.
    processing.add_stack_dependency(functions)
    ObservabilityStack(
        scope,
        settings.name("observability"),
        data=data,
        processing=processing,
        functions=functions,
        env=where,
    )
    own = zip(OWN_TAGS, ("shopstream", settings.environment), strict=True)
    for key, value in (*own, *settings.tags):
        Tags.of(scope).add(key, value)
    if name := settings.permissions_boundary:
        policy = iam.ManagedPolicy.from_managed_policy_name(network, "Boundary", name)
        iam.PermissionsBoundary.of(scope).apply(policy)
