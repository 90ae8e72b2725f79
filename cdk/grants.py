"""The one way to allow something: exact actions, exact resources, and a reason for a pattern."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from aws_cdk import Acknowledgment, Aws, Stack, Validations
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


def allow_pass(grantee: iam.IGrantable, roles: Sequence[str], service: str) -> None:
    """Allow `grantee` to hand the roles to `service` and to nobody else."""
    iam.Grant.add_to_principal(
        grantee=grantee,
        actions=["iam:PassRole"],
        resource_arns=list(roles),
        conditions={"StringEquals": {"iam:PassedToService": service}},
    )


def on_behalf_of_account(service: str) -> iam.ServicePrincipal:
    """The service, while it works for this account."""
    return iam.ServicePrincipal(
        service, conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}}
    )


def people_of_account(*, with_mfa: bool) -> iam.IPrincipal:
    """Whoever may assume roles of this account, `with_mfa` only after a second factor."""
    account = iam.AccountRootPrincipal()
    if not with_mfa:
        return account
    return account.with_conditions({"Bool": {"aws:MultiFactorAuthPresent": "true"}})


def acknowledge(scope: Construct, reasons: Mapping[str, str]) -> None:
    """Say why findings of cdk-nag within `scope` are accepted: reasons by finding."""
    for finding, reason in reasons.items():
        Validations.of(scope).acknowledge(Acknowledgment(id=finding, reason=reason))


def explain_pattern(scope: Construct, resource: str, reason: str) -> None:
    """Acknowledge one resource of a policy within `scope`, if it is a pattern at all."""
    text = flat(Stack.of(scope).resolve(resource))
    if "*" in text:
        acknowledge(scope, {f"AwsSolutions-IAM5[Resource::{text}]": reason})


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
