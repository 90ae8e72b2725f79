"""What of a template an emulator is asked for: the resources that it really makes.

A change for the test alone, stated here because what was deployed is not the whole product: a
resource of another type is left out, and what refers to it is given a name that stands in for it.
Everything that is left is as synthesis wrote it.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

Template = dict[str, Any]

# It has a provider for them, but a function cannot start without a helper that it downloads, and
# these need one.
NEED_A_FUNCTION = frozenset(
    {
        "AWS::Lambda::EventInvokeConfig",
        "AWS::Lambda::EventSourceMapping",
        "AWS::Lambda::Function",
        "AWS::Lambda::Permission",
    }
)


def stand_in(logical_id: str, kind: str) -> str:
    """The name of nothing that exists: in the form of an ARN, because policies take nothing else,
    and of a function where there was one, because a schedule takes nothing else."""
    service = kind.split("::")[1].lower()
    name = f"function:{logical_id}" if service == "lambda" else f"cluster/{logical_id}"
    return f"arn:aws:{service}:us-east-1:000000000000:{name}"


def reduced(template: Template, types: Collection[str]) -> Template:
    """The template with the resources of `types` alone."""
    absent = {
        logical_id: resource["Type"]
        for logical_id, resource in template["Resources"].items()
        if resource["Type"] not in types
    }
    kept = {
        logical_id: resource
        for logical_id, resource in template["Resources"].items()
        if logical_id not in absent
    }
    result: Template = _without(template | {"Resources": kept}, absent)
    for resource in result["Resources"].values():
        _wait_only_for(resource, kept.keys())
    return result


def reduce_assembly(folder: Path, types: Collection[str]) -> dict[str, dict[str, str]]:
    """Reduces every template that was synthesized into `folder`; the type of each resource that is
    left, by stack and logical id. A stack of which nothing is left is not named."""
    left = {}
    for file in sorted(folder.glob("*.template.json")):
        template = reduced(json.loads(file.read_text()), types)
        file.write_text(json.dumps(template, indent=1))
        left[file.name.removesuffix(".template.json")] = {
            logical_id: resource["Type"] for logical_id, resource in template["Resources"].items()
        }
    return {stack: resources for stack, resources in left.items() if resources}


def _without(value: Any, absent: Mapping[str, str]) -> Any:
    if isinstance(value, list):
        return [_without(each, absent) for each in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1 and (named := value.get("Ref")) in absent:
        return stand_in(named, absent[named])
    if len(value) == 1 and (pair := value.get("Fn::GetAtt")) and pair[0] in absent:
        return stand_in(pair[0], absent[pair[0]])
    return {key: _without(each, absent) for key, each in value.items()}


def _wait_only_for(resource: Template, there: Collection[str]) -> None:
    named = resource.pop("DependsOn", [])
    if waits := [each for each in ([named] if isinstance(named, str) else named) if each in there]:
        resource["DependsOn"] = waits
