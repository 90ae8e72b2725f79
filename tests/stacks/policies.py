"""What the policies of the templates allow, judged as IAM judges: a deny wins, silence denies.

Only what the templates hold is read; a policy that AWS manages is named by `managed_policies`, for
nothing here knows what it says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from tests.stacks.intrinsics import ACCOUNT, PARTITION, Environment

ROOT = f"arn:{PARTITION}:iam::{ACCOUNT}:root"
# Requests come over TLS unless a case says otherwise.
_CONTEXT = {"aws:SecureTransport": "true", "aws:PrincipalAccount": ACCOUNT}
# Type -> property with the document, property with what it is attached to.
_RESOURCE_POLICIES = {
    "AWS::KMS::Key": ("KeyPolicy", None),
    "AWS::MSK::ClusterPolicy": ("Policy", "ClusterArn"),
    "AWS::S3::BucketPolicy": ("PolicyDocument", "Bucket"),
    "AWS::SNS::TopicPolicy": ("PolicyDocument", "Topics"),
    "AWS::SQS::QueuePolicy": ("PolicyDocument", "Queues"),
    "AWS::SecretsManager::ResourcePolicy": ("ResourcePolicy", "SecretId"),
}


def _list(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    return tuple(value) if isinstance(value, list) else (value,)


def matches(pattern: str, text: str) -> bool:
    """``*`` is any text, ``?`` one character."""
    parts = (".*" if char == "*" else "." if char == "?" else re.escape(char) for char in pattern)
    return re.fullmatch("".join(parts), text, re.DOTALL) is not None


def _any(patterns: Iterable[str], text: str) -> bool:
    return any(matches(pattern, text) for pattern in patterns)


@dataclass(frozen=True)
class Statement:
    """One statement; `place` says where it stands: stack/logical id."""

    place: str
    effect: str
    actions: tuple[str, ...]
    not_actions: tuple[str, ...]
    resources: tuple[str, ...]
    not_resources: tuple[str, ...]
    principals: tuple[str, ...]
    conditions: Mapping[str, Mapping[str, Any]]

    @classmethod
    def parse(cls, place: str, document: Mapping[str, Any]) -> tuple[Statement, ...]:
        """The statements of a resolved policy document."""
        given = document["Statement"]
        return tuple(
            cls(
                place,
                each["Effect"],
                _list(each.get("Action")),
                _list(each.get("NotAction")),
                _list(each.get("Resource")),
                _list(each.get("NotResource")),
                _principals(each.get("Principal")),
                each.get("Condition", {}),
            )
            for each in (given if isinstance(given, list) else [given])
        )

    def applies(self, action: str, resource: str, context: Mapping[str, str]) -> bool:
        """Whether it speaks of this request; actions are compared without case, as IAM does."""
        lower = action.lower()
        acts = (
            not _any((a.lower() for a in self.not_actions), lower)
            if self.not_actions
            else _any((a.lower() for a in self.actions), lower)
        )
        on = (
            not _any(self.not_resources, resource)
            if self.not_resources
            else _any(self.resources, resource)
        )
        return acts and on and all(_holds(*each, context) for each in self.conditions.items())


def _principals(principal: Any) -> tuple[str, ...]:
    if isinstance(principal, str):
        return (principal,)
    return tuple(name for names in (principal or {}).values() for name in _list(names))


class UnknownOperator(Exception):
    """A condition that is not evaluated here: nothing may be assumed of it."""


def _holds(operator: str, wanted: Mapping[str, Any], context: Mapping[str, str]) -> bool:
    bare = operator.removesuffix("IfExists")
    return all(
        _compares(bare, _list(values), context[key]) if key in context else bare != operator
        for key, values in wanted.items()
    )


def _compares(operator: str, wanted: tuple[str, ...], given: str) -> bool:
    if operator in ("StringEquals", "ArnEquals", "Bool"):
        return given in map(str, wanted)
    if operator == "StringNotEquals":
        return given not in map(str, wanted)
    if operator in ("StringLike", "ArnLike"):
        return _any(wanted, given)
    raise UnknownOperator(operator)


@dataclass(frozen=True)
class Role:
    """A role of a template: `trust` says who may take it."""

    stack: str
    logical_id: str
    arn: str
    trust: tuple[Statement, ...]
    statements: tuple[Statement, ...]
    managed_policies: tuple[str, ...]


@dataclass(frozen=True)
class Policies:
    """Every policy of one environment."""

    environment: Environment
    _context: Mapping[str, str] = field(default_factory=lambda: _CONTEXT)

    @cached_property
    def roles(self) -> tuple[Role, ...]:
        return tuple(self._role(*each) for each in self._resources("AWS::IAM::Role"))

    @cached_property
    def resource_policies(self) -> tuple[tuple[str, Statement], ...]:
        """(ARN of what it is attached to, statement)."""
        return tuple(
            (attached, statement)
            for kind, (document, target) in _RESOURCE_POLICIES.items()
            for stack, name, resource in self._resources(kind)
            for attached in self._attached(stack, name, resource, target)
            for statement in Statement.parse(
                f"{stack}/{name}", self._resolved(stack, resource)[document]
            )
        )

    def role(self, stack: str, prefix: str) -> Role:
        """The one role whose logical id begins with `prefix`, a hash apart."""
        found = [
            role
            for role in self.roles
            if role.stack == stack and re.fullmatch(f"{prefix}[0-9A-F]{{8}}", role.logical_id)
        ]
        if len(found) != 1:
            known = sorted(role.logical_id for role in self.roles if role.stack == stack)
            raise KeyError(f"{len(found)} roles {prefix!r} in {stack}; known: {known}")
        return found[0]

    def allows(self, role: Role, action: str, resource: str, **context: str) -> bool:
        """Whether `role` may do `action` to the resource with this ARN. `context` holds condition
        keys with ``__`` for ``:``."""
        given = {**self._context, **{key.replace("__", ":"): v for key, v in context.items()}}
        attached = [
            statement
            for arn, statement in self.resource_policies
            if _covers(arn, resource) and {role.arn, ROOT, "*"} & set(statement.principals)
        ]
        speaking = [
            each for each in (*role.statements, *attached) if each.applies(action, resource, given)
        ]
        if any(each.effect == "Deny" for each in speaking):
            return False
        # A policy that names the whole account leaves the answer to the roles' own policies. That
        # of a key must: without it not even those count.
        own = any(each in role.statements for each in speaking)
        named = any(role.arn in each.principals for each in speaking)
        if action.startswith("kms:") and not any(each in attached for each in speaking):
            return False
        return own or named

    def _role(self, stack: str, name: str, resource: Mapping[str, Any]) -> Role:
        properties = self._resolved(stack, resource)
        place, own_name = f"{stack}/{name}", self.environment.reference(stack, name)
        documents = [(place, each["PolicyDocument"]) for each in properties.get("Policies", ())]
        managed = list(properties.get("ManagedPolicyArns", ()))
        for kind in ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"):
            for other, policy_id, policy in self._resources(kind):
                wanted = self._resolved(other, policy)
                arn = self.environment.attribute(other, policy_id, "Arn")
                if own_name in wanted.get("Roles", ()) or arn in managed:
                    documents.append((f"{other}/{policy_id}", wanted["PolicyDocument"]))
                    managed = [each for each in managed if each != arn]
        return Role(
            stack,
            name,
            self.environment.attribute(stack, name, "Arn"),
            Statement.parse(place, properties["AssumeRolePolicyDocument"]),
            tuple(s for at, document in documents for s in Statement.parse(at, document)),
            tuple(managed),
        )

    def _attached(
        self, stack: str, name: str, resource: Mapping[str, Any], target: str | None
    ) -> tuple[str, ...]:
        if target is None:
            return (self.environment.attribute(stack, name, "Arn"),)
        named = _list(self._resolved(stack, resource)[target])
        return tuple(each if each.startswith("arn:") else f"arn:aws:s3:::{each}" for each in named)

    def _resolved(self, stack: str, resource: Mapping[str, Any]) -> dict[str, Any]:
        properties: dict[str, Any] = self.environment.resolve(stack, resource["Properties"])
        return properties

    def _resources(self, kind: str) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
        for stack, template in self.environment.templates.items():
            for name, resource in template["Resources"].items():
                if resource["Type"] == kind:
                    yield stack, name, resource


def _covers(attached: str, resource: str) -> bool:
    return resource == attached or resource.startswith(f"{attached}/")
