"""All stacks of one environment, put together."""

from __future__ import annotations

from dataclasses import dataclass

from aws_cdk import Tags
from constructs import Construct

from cdk.settings import Settings
from stacks.data import DataStack
from stacks.network import NetworkStack


@dataclass(frozen=True)
class Environment:
    """The stacks in the order in which they are deployed."""

    network: NetworkStack
    data: DataStack


def environment(scope: Construct, settings: Settings) -> Environment:
    """Adds the stacks to `scope`, named ``shopstream-ENVIRONMENT-PART``."""
    network = NetworkStack(scope, settings.name("network"), settings=settings)
    data = DataStack(scope, settings.name("data"), settings=settings, network=network)
    Tags.of(scope).add("application", "shopstream")
    Tags.of(scope).add("environment", settings.environment)
    return Environment(network, data)
