"""Settings in a TOML file of the shop's own: what it does not name stays as the environment has
it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from types import UnionType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from cdk.settings import EnvironmentSettings, settings
from cdk.settings.parts import InvalidSettings
from contracts.aws.spark_submit import Sizes

# A table of TOML, where the settings have pairs.
_BY_NAME = frozenset({"sizes", "tags", "triggers", "usual_batch_seconds"})


def chosen_settings(environment: str | None, file: Path | None) -> EnvironmentSettings:
    """The settings of `environment` with those of `file`. Without an environment it is the file's,
    or dev. Raises InvalidSettings with everything that is wrong in the file."""
    if file is None:
        return settings(environment or "dev")
    try:
        given = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        raise InvalidSettings(f"{file}: {problem}") from problem
    named = given.pop("environment", environment or "dev")
    if not isinstance(named, str):
        raise InvalidSettings(f"{file}: environment: must be a text")
    if environment not in (None, named):
        raise InvalidSettings(f"{file} is of the environment {named!r}, not of {environment!r}")
    found = settings(named)
    problems: list[str] = []
    changed = dict(_read(found, given, "", problems))
    if problems:
        raise InvalidSettings(f"{file}: " + "".join(f"\n  {each}" for each in problems))
    try:
        return replace(found, **changed)
    except InvalidSettings as problem:
        raise InvalidSettings(f"{file}: {problem}") from problem


def _read(
    whole: Any, given: Mapping[str, Any], place: str, problems: list[str]
) -> Iterator[tuple[str, Any]]:
    """The settings of one table, by name. `whole` is what they change: a value or, where nothing is
    set yet, its type."""
    hints = get_type_hints(whole if isinstance(whole, type) else type(whole))
    known = {each.name for each in fields(whole)} - {"environment"}
    for name, value in given.items():
        where = f"{place}{name}"
        if name not in known:
            problems.append(f"{where}: unknown; known: {', '.join(sorted(known))}")
            continue
        try:
            now = getattr(whole, name, None)
            yield name, _value(hints[name], value, now, where, problems)
        except (InvalidSettings, TypeError) as problem:
            problems.append(f"{where}: {problem}")


def _value(kind: Any, value: Any, now: Any, where: str, problems: list[str]) -> Any:
    name = where.rpartition(".")[2]
    if get_origin(kind) is UnionType:
        (kind,) = (each for each in get_args(kind) if each is not type(None))
    if is_dataclass(kind) and isinstance(kind, type):
        return _part(kind, _table(value), now, where, problems)
    if name in _BY_NAME:
        return _pairs(name, _table(value), dict(now), where, problems)
    if get_origin(kind) is tuple:
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise TypeError("must be a list of texts")
        return tuple(value)
    if get_origin(kind) is Literal:
        if value not in get_args(kind):
            raise TypeError(f"must be one of {', '.join(get_args(kind))}")
        return value
    wanted = (int, float) if kind is float else (kind,)
    if type(value) not in wanted:
        raise TypeError(f"must be {_CALLED[kind]}")
    return value


_CALLED = {str: "a text", int: "a whole number", float: "a number", bool: "true or false"}


def _table(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise TypeError("must be a table")
    return value


def _part(kind: type, given: Mapping[str, Any], now: Any, where: str, problems: list[str]) -> Any:
    before = len(problems)
    changed = dict(_read(kind if now is None else now, given, f"{where}.", problems))
    if len(problems) > before:
        return now
    return kind(**changed) if now is None else replace(now, **changed)


def _pairs(
    name: str, given: Mapping[str, Any], now: dict[str, Any], where: str, problems: list[str]
) -> tuple[tuple[str, Any], ...]:
    """What is named is changed; applications that are not keep what they have."""
    for key, value in given.items():
        if name == "sizes":
            table = _table(value)
            now[key] = _part(Sizes, table, now.get(key, Sizes()), f"{where}.{key}", problems)
        elif type(value) not in _PAIRED[name]:
            raise TypeError(f"{key} must be {_CALLED[_PAIRED[name][0]]}")
        else:
            now[key] = value
    return tuple(now.items())


_PAIRED: Mapping[str, tuple[type, ...]] = {
    "tags": (str,),
    "triggers": (int,),
    "usual_batch_seconds": (float, int),
}
