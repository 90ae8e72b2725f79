"""Log bytes of a month by their source: for CloudWatch, and for the endpoint they pass."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from ops.commands.cost import assumptions as given
from ops.commands.cost.environment import Environment
from ops.commands.cost.functions import api_calls, calls
from ops.commands.cost.workload import GB, Load, batches


def ingested(environment: Environment, load: Load) -> Iterator[tuple[str, Decimal]]:
    """Source and GB of what CloudWatch Logs takes in."""
    for cluster in environment.of("AWS::MSK::Cluster"):
        brokers = Decimal(cluster.properties["NumberOfBrokerNodes"])
        yield "brokers", brokers * given.BROKER_LOG_GB.value
    instances = len(environment.of("AWS::RDS::DBInstance"))
    yield "Postgres", instances * given.POSTGRES_LOG_GB.value
    yield "refusals and rarities", given.REFUSAL_LOG_GB.value
    made = sum((each.count for _, each in calls(environment, load)), Decimal(0))
    lines = made + api_calls(environment)
    yield "functions and API", lines * given.CALL_LOG_BYTES.value / GB
    metrics = sum((batches(job.trigger) for job in environment.jobs.values()), Decimal(0))
    yield "metric lines of batches", metrics * given.BATCH_METRIC_BYTES.value / GB
