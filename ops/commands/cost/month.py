"""A month of an environment under a load: what is written, committed, called and logged in it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from contracts.applications import INGEST
from contracts.topics import ALERTS, CLICKS, ORDERS, PROMOTIONS, Topic
from ops.commands.cost import assumptions as given
from ops.commands.cost.environment import Environment, Resource
from ops.commands.cost.prices import Group

GB = Decimal(10**9)
MILLION = Decimal(10**6)
HOURS = given.HOURS
SECONDS = HOURS * 3600
DAYS = HOURS / 24

_MINUTES = {"minute": 1, "minutes": 1, "hour": 60, "hours": 60, "day": 1440, "days": 1440}


@dataclass(frozen=True)
class MeteredUsage:
    """`quantity` in the unit of the price `price`. `group` is where it is shown, by default the
    price's."""

    what: str
    quantity: Decimal
    price: str
    group: Group | None = None


@dataclass(frozen=True)
class Load:
    """A steady load of clicks, orders and promotions."""

    name: str
    events_per_second: int

    def rate(self, topic: Topic) -> Decimal:
        """Records per second."""
        events = Decimal(self.events_per_second)
        return {
            CLICKS.name: events * given.CLICKS,
            ORDERS.name: events * given.ORDERS,
            PROMOTIONS.name: events * given.PROMOTIONS,
            ALERTS.name: events * given.ORDERS * given.ALERTS,
        }[topic.name]

    def gigabytes(self, *topics: Topic) -> Decimal:
        """GB written to the topics in a month."""
        sizes = {ALERTS.name: given.ALERT_BYTES}
        size = [sizes.get(topic.name, given.EVENT_BYTES) * self.rate(topic) for topic in topics]
        return sum((each * SECONDS / GB for each in size), Decimal(0))


LOADS = {load.name: load for load in (Load("low", 100), Load("base", 1_000), Load("high", 10_000))}


@dataclass(frozen=True)
class Calls:
    """How often a function is called in a month, and for how many seconds each time."""

    count: Decimal
    seconds: Decimal


@dataclass(frozen=True)
class Month:
    """What the meters count in."""

    environment: Environment
    load: Load

    def all(self, kind: str) -> list[Mapping[str, Any]]:
        """The properties of every resource of one type."""
        return [each.properties for each in self.environment.of_type(kind)]

    def count(self, kind: str) -> Decimal:
        return Decimal(len(self.all(kind)))

    @cached_property
    def batches(self) -> Mapping[str, Decimal]:
        """Batches by application: one begins at every trigger."""
        return {name: SECONDS / job.trigger for name, job in self.environment.jobs.items()}

    @cached_property
    def all_batches(self) -> Decimal:
        return sum(self.batches.values(), Decimal(0))

    @property
    def ingests(self) -> Decimal:
        """Batches of the application that fills the lake."""
        return self.batches[INGEST.name]

    @cached_property
    def calls(self) -> list[tuple[Resource, Calls]]:
        """Every function with each of its callers; deployments call one that has no other."""
        causes = list(self._causes())
        deployment = Calls(given.DEPLOYMENTS, given.SCHEDULED_SECONDS)
        return [
            (function, made)
            for function in self.environment.of_type("AWS::Lambda::Function")
            for made in [made for called, made in causes if called == function.logical_id]
            or [deployment]
        ]

    @property
    def api_requests(self) -> Decimal:
        return self.count("AWS::ApiGatewayV2::Api") * given.API_REQUESTS * SECONDS

    @cached_property
    def logged(self) -> Mapping[str, Decimal]:
        """GB that CloudWatch Logs takes in, by their source."""
        brokers = sum(each["NumberOfBrokerNodes"] for each in self.all("AWS::MSK::Cluster"))
        lines = sum((made.count for _, made in self.calls), self.api_requests)
        sources = {"brokers": brokers * given.BROKER_LOG_GB} if brokers else {}
        return {
            **sources,
            "Postgres": self.count("AWS::RDS::DBInstance") * given.POSTGRES_LOG_GB,
            "refusals and rarities": given.REFUSAL_LOG_GB,
            "functions and API": lines * given.CALL_LOG_BYTES / GB,
            "metric lines of batches": self.all_batches * given.BATCH_METRIC_BYTES / GB,
        }

    def _causes(self) -> Iterator[tuple[str, Calls]]:
        """The logical id of a function, and what one of its callers does."""
        alerts = Calls(self.load.rate(ALERTS) * SECONDS / given.NOTIFIED, given.NOTIFIER_SECONDS)
        for source in self.all("AWS::Lambda::EventSourceMapping"):
            yield _referenced(source["FunctionName"]), alerts
        for rule in self.all("AWS::Events::Rule"):
            if expression := rule.get("ScheduleExpression"):
                often = SECONDS / (60 * _minutes(expression))
                for target in rule.get("Targets", []):
                    yield _referenced(target["Arn"]), Calls(often, given.SCHEDULED_SECONDS)
        for integration in self.all("AWS::ApiGatewayV2::Integration"):
            made = Calls(given.API_REQUESTS * SECONDS, given.API_SECONDS)
            yield _referenced(integration["IntegrationUri"]), made


def _minutes(expression: str) -> int:
    found = re.fullmatch(r"rate\((\d+) (\w+)\)", expression)
    if found is None or found[2] not in _MINUTES:
        raise ValueError(f"a schedule that cannot be counted: {expression}")
    return int(found[1]) * _MINUTES[found[2]]


def _referenced(reference: Mapping[str, Any] | str) -> str:
    """The logical id of a reference to a resource or to its ARN; empty for anything else."""
    if isinstance(reference, str):
        return ""
    return str(reference.get("Ref") or reference.get("Fn::GetAtt", [""])[0])
