"""Template values as they will be once deployed: the same made-up identifiers each time.

Every resource has an identifier and an ARN made of its own logical id or name, so that a policy of
one stack and a resource of another meet in the same text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

PARTITION, REGION, ACCOUNT = "aws", "eu-central-1", "111122223333"
_PSEUDO = {
    "AWS::AccountId": ACCOUNT,
    "AWS::NoValue": "",
    "AWS::Partition": PARTITION,
    "AWS::Region": REGION,
    "AWS::StackName": "stack",
    "AWS::URLSuffix": "amazonaws.com",
}
_VARIABLE = re.compile(r"\$\{([^}]+)\}")
# Where an ARN is not arn:partition:service:region:account:kind/id.
_ARNS = {
    "AWS::EMRServerless::Application": "arn:aws:emr-serverless:{region}:{account}:/{id}",
    "AWS::IAM::Role": "arn:aws:iam::{account}:role/{id}",
    "AWS::KMS::Key": "arn:aws:kms:{region}:{account}:key/{id}",
    "AWS::Lambda::Function": "arn:aws:lambda:{region}:{account}:function:{id}",
    "AWS::Logs::LogGroup": "arn:aws:logs:{region}:{account}:log-group:{id}:*",
    "AWS::MSK::Cluster": "arn:aws:kafka:{region}:{account}:cluster/{name}/{id}",
    "AWS::RDS::DBCluster": "arn:aws:rds:{region}:{account}:cluster:{id}",
    "AWS::S3::Bucket": "arn:aws:s3:::{id}",
    "AWS::SecretsManager::Secret": "arn:aws:secretsmanager:{region}:{account}:secret:{id}",
    "AWS::SNS::Topic": "arn:aws:sns:{region}:{account}:{id}",
    "AWS::SQS::Queue": "arn:aws:sqs:{region}:{account}:{id}",
    "AWS::StepFunctions::StateMachine": "arn:aws:states:{region}:{account}:stateMachine:{id}",
}
# Types whose `Ref` is their ARN.
_NAMED_BY_ARN = frozenset(
    {
        "AWS::Lambda::Version",
        "AWS::MSK::Cluster",
        "AWS::SNS::Topic",
        "AWS::SecretsManager::Secret",
        "AWS::StepFunctions::StateMachine",
    }
)
_NAMES = ("ClusterName", "TopicName", "LogGroupName", "Name", "RoleName")

_PURE: Mapping[str, Callable[[Any], Any]] = {
    "Fn::GetAZs": lambda _: [f"{REGION}{zone}" for zone in "abc"],
    "Fn::Join": lambda parts: parts[0].join(map(str, parts[1])),
    "Fn::Select": lambda parts: parts[1][int(parts[0])],
    "Fn::Split": lambda parts: parts[1].split(parts[0]),
}


class UnknownIntrinsic(Exception):
    """A function of templates that is not evaluated here."""


@dataclass(frozen=True)
class Environment:
    """The parsed templates of one environment, by stack."""

    templates: Mapping[str, Mapping[str, Any]]

    def resolve(self, stack: str, value: Any) -> Any:
        """`value` with every intrinsic function evaluated; raises UnknownIntrinsic."""
        if isinstance(value, list):
            return [self.resolve(stack, each) for each in value]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            ((name, argument),) = value.items()
            if name == "Ref" or name.startswith("Fn::"):
                return self._evaluate(stack, name, argument)
        return {key: self.resolve(stack, each) for key, each in value.items()}

    def reference(self, stack: str, name: str) -> str:
        """What `Ref` gives."""
        if name in _PSEUDO:
            return _PSEUDO[name]
        resource = self.templates[stack]["Resources"].get(name)
        if resource is None:
            parameter = self.templates[stack]["Parameters"][name]
            return str(parameter.get("Default", name))
        if resource["Type"] in _NAMED_BY_ARN:
            return self.attribute(stack, name, "Arn")
        return self._id(stack, resource, name)

    def attribute(self, stack: str, name: str, attribute: str) -> str:
        """What `Fn::GetAtt` gives."""
        resource = self.templates[stack]["Resources"][name]
        if "." in attribute or not attribute.endswith("Arn"):
            return f"{name}.{attribute}"
        kind: str = resource["Type"]
        _, service, part = f"{kind}::".split("::")[:3]
        fallback = f"arn:aws:{service.lower()}:{{region}}:{{account}}:{part.lower()}/{{id}}"
        return _ARNS.get(kind, fallback).format(
            region=REGION,
            account=ACCOUNT,
            id=self._id(stack, resource, name),
            name=self._name(resource),
        )

    def _id(self, stack: str, resource: Mapping[str, Any], name: str) -> str:
        if resource["Type"] == "AWS::IAM::Role":
            # Two stacks may have roles of one logical id.
            return f"{stack}-{name}"
        return name.lower() if resource["Type"] == "AWS::S3::Bucket" else name

    def _name(self, resource: Mapping[str, Any]) -> str:
        properties = resource.get("Properties", {})
        named = (properties[key] for key in _NAMES if isinstance(properties.get(key), str))
        return next(named, "")

    def _evaluate(self, stack: str, name: str, argument: Any) -> Any:
        if name == "Ref":
            return self.reference(stack, argument)
        if name == "Fn::GetAtt":
            parts = argument.split(".", 1) if isinstance(argument, str) else argument
            return self.attribute(stack, *parts)
        if name == "Fn::Sub":
            return self._substituted(stack, argument)
        if name == "Fn::ImportValue":
            return self._exported(self.resolve(stack, argument))
        if name == "Fn::GetStackOutput":
            return self._output(argument["StackName"], argument["OutputName"])
        if name not in _PURE:
            raise UnknownIntrinsic(name)
        return _PURE[name](self.resolve(stack, argument))

    def _exported(self, name: str) -> Any:
        for stack, template in self.templates.items():
            for output in template.get("Outputs", {}).values():
                if self.resolve(stack, output.get("Export", {}).get("Name")) == name:
                    return self.resolve(stack, output["Value"])
        raise UnknownIntrinsic(f"nothing is exported as {name}")

    def _output(self, name: str, output: str) -> Any:
        """Of a stack by its whole name, of which `templates` has the last word."""
        stack = name.rpartition("-")[2]
        return self.resolve(stack, self.templates[stack]["Outputs"][output]["Value"])

    def _substituted(self, stack: str, argument: Any) -> str:
        text, given = (argument, {}) if isinstance(argument, str) else argument

        def value(found: re.Match[str]) -> str:
            name = found[1]
            if name in given:
                return str(self.resolve(stack, given[name]))
            if "." in name:
                return self.attribute(stack, *name.split(".", 1))
            return self.reference(stack, name)

        return _VARIABLE.sub(value, text)
