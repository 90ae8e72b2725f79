"""All stacks of one environment, put together."""

from __future__ import annotations

from aws_cdk import Tags
from constructs import Construct

from cdk.assets.build_folder import Assets
from cdk.settings import EnvironmentSettings
from stacks.data import DataStack
from stacks.functions import FunctionsStack
from stacks.network import NetworkStack
from stacks.observability import ObservabilityStack
from stacks.processing import ProcessingStack


def environment(scope: Construct, settings: EnvironmentSettings, assets: Assets) -> None:
    """Adds the stacks to `scope` in the order in which they are deployed, named
    ``shopstream-ENVIRONMENT-PART``."""
    network = NetworkStack(scope, settings.name("network"), settings=settings)
    data = DataStack(
        scope, settings.name("data"), settings=settings, network=network, assets=assets
    )
    functions = FunctionsStack(scope, settings.name("functions"), data=data)
    processing = ProcessingStack(scope, settings.name("processing"), network=network, data=data)
    # The applications need the tables and the users that the migrations make.
    processing.add_stack_dependency(functions)
    ObservabilityStack(
        scope,
        settings.name("observability"),
        data=data,
        processing=processing,
        functions=functions,
    )
    Tags.of(scope).add("application", "shopstream")
    Tags.of(scope).add("environment", settings.environment)
