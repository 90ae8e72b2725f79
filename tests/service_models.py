"""Requests to AWS held against the models that botocore ships, and against limits they lack.

botocore itself checks names, types and minimal lengths of parameters. Their maximal lengths,
patterns and lists of values stand in the same models, but only the service enforces them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import botocore.session

# (service, operation, parameter) -> the most bytes, and where AWS says so.
LIMITS: Mapping[tuple[str, str, str], tuple[int, str]] = {
    ("sns", "Publish", "Message"): (262_144, "SNS API reference, Publish: 256 KiB"),
    ("sns", "Publish", "Subject"): (100, "SNS API reference, Publish: under 100 characters"),
    ("ssm", "PutParameter", "Value"): (4_096, "Systems Manager: a standard parameter has 4 KB"),
    ("secretsmanager", "PutSecretValue", "SecretString"): (65_536, "Secrets Manager quotas"),
}


@cache
def _model(service: str) -> Any:
    return botocore.session.get_session().get_service_model(service)


def violations(service: str, operation: str, parameters: Mapping[str, Any]) -> list[str]:
    """What the service would refuse, each with the place in the request."""
    shape = _model(service).operation_model(operation).input_shape
    found = list(_shape(shape, parameters, operation)) if shape is not None else []
    for name, value in parameters.items():
        most, source = LIMITS.get((service, operation, name), (None, ""))
        if most is not None and len(str(value).encode()) > most:
            found.append(f"{operation}.{name}: more than {most} bytes ({source})")
    return found


def _shape(shape: Any, value: Any, path: str) -> Iterator[str]:
    """`shape` is a Shape of botocore, whose kinds have members of their own."""
    if shape.type_name == "structure":
        # botocore itself fills in a token that makes a request idempotent.
        needed = [n for n in shape.required_members if not _is_token(shape.members[n])]
        for name in (*needed, *value):
            if name not in value or name not in shape.members:
                yield f"{path}.{name} is {'unknown' if name in value else 'missing'}"
    elif shape.type_name in ("list", "map", "string"):
        yield from _size(shape, len(value), path)
    elif shape.type_name in ("integer", "long", "float", "double"):
        yield from _size(shape, value, path)
    if shape.type_name == "string":
        yield from _text(shape, value, path)
    for inner, each, where in _inside(shape, value, path):
        yield from _shape(inner, each, where)


def _is_token(shape: Any) -> bool:
    return bool(shape.metadata.get("idempotencyToken"))


def _inside(shape: Any, value: Any, path: str) -> Iterator[tuple[Any, Any, str]]:
    match shape.type_name:
        case "structure":
            for name in value.keys() & shape.members.keys():
                yield shape.members[name], value[name], f"{path}.{name}"
        case "list":
            for index, member in enumerate(value):
                yield shape.member, member, f"{path}[{index}]"
        case "map":
            for key, member in value.items():
                yield shape.key, key, f"{path} key {key}"
                yield shape.value, member, f"{path}[{key}]"


def _size(shape: Any, size: float, path: str) -> Iterator[str]:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least is not None and size < least:
        yield f"{path}: {size} is below {least}"
    if most is not None and size > most:
        yield f"{path}: {size} is above {most}"


def _text(shape: Any, value: str, path: str) -> Iterator[str]:
    allowed = shape.metadata.get("enum")
    if allowed and value not in allowed:
        yield f"{path}: {value!r} is not one of {allowed}"
    pattern = _compiled(shape.metadata.get("pattern", ""))
    if pattern is not None and not pattern.fullmatch(value):
        yield f"{path}: {value!r} does not match {pattern.pattern}"


@cache
def _compiled(pattern: str) -> re.Pattern[str] | None:
    """None for a pattern that is empty, or in a dialect that Python does not read."""
    try:
        return re.compile(pattern, re.DOTALL) if pattern else None
    except re.error:
        return None
