"""Rules that every policy of every template keeps."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import cache

from tests.stacks.intrinsics import Environment
from tests.stacks.policies import ROOT, Policies, Role, Statement, matches
from tests.stacks.templates import texts

# Actions that AWS offers no resource for, each with why it may stand on `*`.
_INTERFACES = "Lambda makes a network interface where a function runs; it has no ARN before"
_LOOKING = "descriptions of a network cannot be limited to a part of it"
_TRACES = "a trace has no ARN"
_LISTS = "Athena cannot limit a list of workgroups, catalogs or engines to one"
UNSCOPED: dict[str, str] = {
    "athena:ListDataCatalogs": _LISTS,
    "athena:ListEngineVersions": _LISTS,
    "athena:ListWorkGroups": _LISTS,
    "ec2:AssignPrivateIpAddresses": _INTERFACES,
    "ec2:CreateNetworkInterface": _INTERFACES,
    "ec2:DeleteNetworkInterface": _INTERFACES,
    "ec2:UnassignPrivateIpAddresses": _INTERFACES,
    "ec2:DescribeNetworkInterfaces": _LOOKING,
    "ec2:DescribeSecurityGroups": _LOOKING,
    "ec2:DescribeSubnets": _LOOKING,
    "ec2:DescribeVpcs": _LOOKING,
    "glue:GetSchemaVersion": "a version asked for by its id names no schema",
    "xray:PutTelemetryRecords": _TRACES,
    "xray:PutTraceSegments": _TRACES,
}
# Policies of AWS's own, each with why it may be used: nothing here knows what they say.
MANAGED: dict[str, str] = {
    "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole": (
        "the CDK's own functions around a custom resource write their logs"
    ),
    "arn:aws:iam::aws:policy/service-role/AmazonEMRServicePolicy_v2": (
        "EMR makes machines of what is tagged for it, and nothing else"
    ),
}
# Topics and groups that the service of replication keeps for itself, as it names them.
INTERNAL = ("*__amazon_msk_replicator_*", "*.checkpoints.internal", "mskr-offset-syncs.*")
_KAFKA_DATA = "kafka-cluster:"
Finding = Iterator[str]


@cache
def policies(name: str) -> Policies:
    """Those of one of the known environments."""
    return Policies(Environment({stack: json.loads(text) for stack, text in texts(name).items()}))


def findings(policies: Policies) -> list[str]:
    """What breaks a rule, each with its place; empty when all is well."""
    found: list[str] = []
    for role in policies.roles:
        found += _trusts_somebody_named(role)
        found += _no_unknown_managed_policy(role)
        for statement in role.statements:
            if statement.effect == "Allow":
                for rule in _RULES:
                    found += rule(statement)
    for _, statement in policies.resource_policies:
        if statement.effect == "Allow":
            found += _names_who(statement)
    return found


def _names_its_actions(statement: Statement) -> Finding:
    if statement.not_actions:
        yield f"{statement.place}: everything but {statement.not_actions}"
    for action in statement.actions:
        if "*" in action or "?" in action:
            yield f"{statement.place}: action {action}"


def _names_its_resources(statement: Statement) -> Finding:
    if statement.not_resources:
        yield f"{statement.place}: every resource but {statement.not_resources}"
    if any(matches(resource, "arn:aws:anything") for resource in statement.resources):
        for action in sorted(set(statement.actions) - set(UNSCOPED)):
            yield f"{statement.place}: {action} on every resource"


def _names_exact_topics(statement: Statement) -> Finding:
    if not any(action.startswith(_KAFKA_DATA) for action in statement.actions):
        return
    for resource in statement.resources:
        kind, _, rest = resource.rpartition(":")[2].partition("/")
        name = rest.split("/")[-1]
        allowed = (
            name in INTERNAL
            or "*" not in rest
            or (kind == "group" and rest.count("*") == 1 and name.endswith("*") and len(name) > 1)
        )
        if not allowed or kind not in ("cluster", "topic", "group"):
            yield f"{statement.place}: Kafka's {kind} {rest}"


def _passes_exact_roles(statement: Statement) -> Finding:
    if "iam:PassRole" not in statement.actions:
        return
    if any("*" in resource for resource in statement.resources):
        yield f"{statement.place}: passes any role"
    if "iam:PassedToService" not in statement.conditions.get("StringEquals", {}):
        yield f"{statement.place}: passes a role to any service"


_RULES: tuple[Callable[[Statement], Finding], ...] = (
    _names_its_actions,
    _names_its_resources,
    _names_exact_topics,
    _passes_exact_roles,
)


def _trusts_somebody_named(role: Role) -> Finding:
    for statement in role.trust:
        if "*" in statement.principals or not statement.principals:
            yield f"{statement.place}: anybody may take the role"


def _no_unknown_managed_policy(role: Role) -> Finding:
    for arn in role.managed_policies:
        if arn not in MANAGED:
            yield f"{role.stack}/{role.logical_id}: {arn}"


def _names_who(statement: Statement) -> Finding:
    """A resource's own policy names who; all of a service's actions are for the account alone."""
    if "*" in statement.principals:
        yield f"{statement.place}: {statement.actions} for everybody"
    whole = [action for action in statement.actions if action.endswith(":*") or action == "*"]
    if whole and statement.principals != (ROOT,):
        yield f"{statement.place}: {whole} for {statement.principals}"
