"""The one way to allow something: exact actions, exact resources, and a reason for a pattern."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from aws_cdk import Acknowledgment, Stack, Validations
from aws_cdk import aws_iam as iam
from constructs import Construct


def allow(
    grantee: iam.IGrantable,
    actions: Sequence[str],
    resources: Sequence[str],
    *,
    because: str | None = None,
) -> None:
    """Allow `actions` on `resources`. `because` says why a resource has to be a pattern; cdk-nag
    gets it as the reason."""
    iam.Grant.add_to_principal(
        grantee=grantee, actions=list(actions), resource_arns=list(resources)
    )
    if because is not None:
        role = grantee.grant_principal
        assert isinstance(role, iam.Role)
        for resource in resources:
            explain_pattern(role, resource, because)


def explain_pattern(scope: Construct, resource: str, reason: str) -> None:
    """Acknowledge one resource of a policy within `scope`, if it is a pattern at all."""
    text = flat(Stack.of(scope).resolve(resource))
    if "*" in text:
        finding = f"AwsSolutions-IAM5[Resource::{text}]"
        Validations.of(scope).acknowledge(Acknowledgment(id=finding, reason=reason))


def flat(value: Any) -> str:
    """A resource as cdk-nag names it (its lib/utils/flatten-cfn-reference.js)."""
    if isinstance(value, str):
        return value.replace("${", "<").replace("}", ">")
    match value:
        case {"Fn::Join": [delimiter, [*items]]}:
            return str(delimiter).join(flat(item) for item in items)
        case {"Fn::GetAtt": [resource, attribute]}:
            return f"<{resource}.{attribute}>"
        case {"Fn::ImportValue": name} | {"Fn::Sub": name}:
            return flat(name)
        case {"Ref": name}:
            return f"<{name}>"
    return json.dumps(value, separators=(",", ":"))
