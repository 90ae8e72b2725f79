"""All stacks of one environment, put together."""

from __future__ import annotations

from dataclasses import dataclass

from aws_cdk import Tags
from constructs import Construct

from cdk.assets.build_folder import Assets
from cdk.settings import EnvironmentSettings
from stacks.data import DataStack
from stacks.functions import FunctionsStack
from stacks.network import NetworkStack
from stacks.observability import ObservabilityStack
from stacks.processing import ProcessingStack


@dataclass(frozen=True)
class Environment:
    """The stacks in the order in which they are deployed."""

    network: NetworkStack
    data: DataStack
    functions: FunctionsStack
    processing: ProcessingStack
    observability: ObservabilityStack


def environment(scope: Construct, settings: EnvironmentSettings, assets: Assets) -> Environment:
    """Adds the stacks to `scope`, named ``shopstream-ENVIRONMENT-PART``."""
    network = NetworkStack(scope, settings.name("network"), settings=settings)
    data = DataStack(scope, settings.name("data"), settings=settings, network=network)
    functions = FunctionsStack(
        scope,
        settings.name("functions"),
        settings=settings,
        network=network,
        data=data,
        assets=assets,
    )
    processing = ProcessingStack(
        scope,
        settings.name("processing"),
        settings=settings,
        network=network,
        data=data,
        assets=assets,
    )
    # The applications need the tables and the users that the migrations make.
    processing.add_stack_dependency(functions)
    observability = ObservabilityStack(
        scope,
        settings.name("observability"),
        settings=settings,
        data=data,
        processing=processing,
        functions=functions,
    )
    Tags.of(scope).add("application", "shopstream")
    Tags.of(scope).add("environment", settings.environment)
    return Environment(network, data, functions, processing, observability)
