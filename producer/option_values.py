"""Values of options, read from their texts; argparse tells what each one must be."""

from __future__ import annotations

import codecs
import re
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import partial
from math import inf, nan
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from contracts.producer_options import Kind, Number, Option, Whole
from contracts.times import micros_of

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_LATEST = datetime(2200, 1, 1, tzinfo=UTC)


def add_options(parser: ArgumentParser, options: Iterable[Option]) -> None:
    """Let a command take these options."""
    for option in options:
        name, meaning = f"--{option.name}", option.meaning.replace("%", "%%")
        if option.kind == "flag":
            parser.add_argument(name, action="store_true", help=meaning)
        else:
            parser.add_argument(
                name,
                type=partial(_value, option.kind),
                choices=option.kind if isinstance(option.kind, tuple) else None,
                default=option.default,
                required=option.required,
                metavar=option.metavar,
                help=meaning,
            )


def _number(text: str, kind: Number | Whole) -> float:
    if isinstance(kind, Number) and kind.or_max and text == "max":
        return inf
    whole = isinstance(kind, Whole)
    try:
        number = int(text) if whole else float(text)
    except ValueError:
        number = nan
    if not kind.least <= number <= kind.most:
        what, form = ("whole number", ",") if whole else ("number", ",g")
        limits = f"{kind.least:{form}} to {kind.most:{form}}"
        raise ArgumentTypeError(f"{text!r} is not a {what} from {limits}")
    return number


def _share(text: str) -> float:
    """``5%`` or ``0.05``."""
    try:
        number = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        number = nan
    if not 0 <= number <= 1:
        raise ArgumentTypeError(f"{text!r} is not a share from 0% to 100%")
    return number


def _name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise ArgumentTypeError(
            f"{text!r} is not a name of at most 64 letters, digits, '.', '_' and '-'"
        )
    return text


def _time(text: str) -> int:
    """Microseconds UTC."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is not a time such as 2026-03-01T12:00") from None
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    if not _EARLIEST <= moment < _LATEST:
        raise ArgumentTypeError(f"{text} is not between 2000 and 2200")
    return micros_of(moment)


def _encoding(text: str) -> str:
    try:
        return codecs.lookup(text).name
    except LookupError:
        raise ArgumentTypeError(f"{text!r} is not an encoding such as cp1252") from None


def _zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ArgumentTypeError(f"{text!r} is not a time zone such as Europe/London") from None
    return text


_TEXTS: dict[str, Callable[[str], object]] = {
    "share": _share,
    "name": _name,
    "time": _time,
    "file": Path,
    "encoding": _encoding,
    "zone": _zone,
    "text": str,
}


def _value(kind: Kind, text: str) -> object:
    """The value of a text; ArgumentTypeError if the text is not of this kind."""
    match kind:
        case Number() | Whole():
            return _number(text, kind)
        case str():
            return _TEXTS[kind](text)
        case _:
            return text
