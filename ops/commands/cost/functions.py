"""Meters of the functions: calls, pollers, the API, notifications and traces."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from contracts.topics import ALERTS
from ops.commands.cost import assumptions as given
from ops.commands.cost.environment import Environment, Resource
from ops.commands.cost.usage import Usage
from ops.commands.cost.workload import GB, MILLION, SECONDS, Load

_MINUTES = {"minute": 1, "minutes": 1, "hour": 60, "hours": 60, "day": 1440, "days": 1440}
_GIB_OF_MB = Decimal(1024)
_HOURS = given.HOURS.value
# A consumer that waits 20 s for each answer.
_POLLS = SECONDS / 20
# Lambda's own default, in MB.
_MEMORY = 128


@dataclass(frozen=True)
class Calls:
    """How often something calls a function in a month, and for how long each time."""

    count: Decimal
    seconds: Decimal


def calls(environment: Environment, load: Load) -> Iterator[tuple[Resource, Calls]]:
    """Every function with what calls it; one that nothing calls is called by deployments."""
    causes = list(_causes(environment, load))
    deployment = Calls(given.DEPLOYMENTS.value, given.SCHEDULED_SECONDS.value)
    for function in environment.of("AWS::Lambda::Function"):
        mine = [made for called, made in causes if called == function.logical_id]
        for made in mine or [deployment]:
            yield function, made


def api_calls(environment: Environment) -> Decimal:
    """Requests of a month to the HTTP API."""
    return len(environment.of("AWS::ApiGatewayV2::Api")) * given.API_REQUESTS.value * SECONDS


def functions(environment: Environment, load: Load) -> Iterator[Usage]:
    requests = traced = Decimal(0)
    times: dict[str, Decimal] = {}
    for function, made in calls(environment, load):
        requests += made.count
        memory = Decimal(function.properties.get("MemorySize", _MEMORY)) / _GIB_OF_MB
        processor = function.properties.get("Architectures", ["x86_64"])[0]
        used = made.count * made.seconds * memory
        times[processor] = times.get(processor, Decimal(0)) + used
        if function.properties.get("TracingConfig", {}).get("Mode") == "Active":
            # One a second is always traced.
            first = min(made.count, SECONDS)
            traced += first + (made.count - first) * given.TRACED.value
    yield Usage("functions", "calls", requests / MILLION, "lambda.requests")
    for processor, used in sorted(times.items()):
        yield Usage("functions", f"time, {processor}", used, f"lambda.{processor}.time")
    if traced:
        yield Usage("observability", "traces", traced / MILLION, "xray.traces")


def pollers(environment: Environment, _load: Load) -> Iterator[Usage]:
    """Pollers of a topic: a unit at least for each source that does not share one."""
    units = 0
    for source in environment.of("AWS::Lambda::EventSourceMapping"):
        provisioned = source.properties.get("ProvisionedPollerConfig")
        if provisioned:
            units += math.ceil(provisioned.get("MinimumPollers", 1) / given.POLLER_UNIT.value)
    if units:
        yield Usage("functions", f"event poller units: {units}", units * _HOURS, "lambda.poller")


def api(environment: Environment, _load: Load) -> Iterator[Usage]:
    requests = api_calls(environment)
    yield Usage("functions", "API requests", requests / MILLION, "api.requests")
    answered = requests * given.API_BYTES.value / GB
    yield Usage("network", "API answers to the internet", answered, "internet.data")


def notifications(environment: Environment, load: Load) -> Iterator[Usage]:
    """Every alert is published; each subscription by e-mail is sent it."""
    alerts = load.rate(ALERTS) * SECONDS
    yield Usage("functions", "notifications published", alerts / MILLION, "sns.requests")
    emails = sum(
        one.properties.get("Protocol") == "email"
        for one in environment.of("AWS::SNS::Subscription")
    )
    if emails:
        yield Usage("functions", "e-mails", emails * alerts / 100_000, "sns.email")


def queues(environment: Environment, _load: Load) -> Iterator[Usage]:
    """Queues hold what failed; polling them is what costs."""
    count = len(environment.of("AWS::SQS::Queue"))
    yield Usage("functions", "queue requests", count * _POLLS / MILLION, "sqs.requests")


def state_machines(environment: Environment, _load: Load) -> Iterator[Usage]:
    """They wait for a step of a deployment."""
    count = len(environment.of("AWS::StepFunctions::StateMachine"))
    made = count * given.DEPLOYMENTS.value * given.STEP_TRANSITIONS.value
    yield Usage("functions", "transitions of deployment steps", made / 1000, "states.transitions")


def _causes(environment: Environment, load: Load) -> Iterator[tuple[str, Calls]]:
    """Logical id of a function, and what one of its callers does."""
    for source in environment.of("AWS::Lambda::EventSourceMapping"):
        alerts = load.rate(ALERTS) * SECONDS / given.NOTIFIED.value
        made = Calls(alerts, given.NOTIFIER_SECONDS.value)
        yield _named(source.properties["FunctionName"]), made
    for rule in environment.of("AWS::Events::Rule"):
        expression = rule.properties.get("ScheduleExpression")
        if expression:
            made = Calls(SECONDS / (60 * _minutes(expression)), given.SCHEDULED_SECONDS.value)
            for target in rule.properties.get("Targets", []):
                yield _named(target["Arn"]), made
    for integration in environment.of("AWS::ApiGatewayV2::Integration"):
        made = Calls(given.API_REQUESTS.value * SECONDS, given.API_SECONDS.value)
        yield _named(integration.properties["IntegrationUri"]), made


def _minutes(expression: str) -> int:
    found = re.fullmatch(r"rate\((\d+) (\w+)\)", expression)
    if found is None or found[2] not in _MINUTES:
        raise ValueError(f"a schedule that cannot be counted: {expression}")
    return int(found[1]) * _MINUTES[found[2]]


def _named(reference: Mapping[str, Any] | str) -> str:
    """The logical id of a reference to a resource or to its ARN; empty for anything else."""
    if isinstance(reference, str):
        return ""
    if "Ref" in reference:
        return str(reference["Ref"])
    return str(reference["Fn::GetAtt"][0]) if "Fn::GetAtt" in reference else ""
