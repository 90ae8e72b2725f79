"""Numbers of data files: decimal signs, groups of thousands, signs of currencies, float noise."""

from __future__ import annotations

import re
from collections.abc import Sequence
from ctypes import c_float
from dataclasses import dataclass
from typing import Literal

Decimal = Literal[".", ","]

# The form that needs no reading. RE2 and `re` mean the same by it.
PLAIN = r"^\s*[+-]?\d*(\.\d*)?\s*$"
LONG = r"^\s*[+-]?\d+\.\d{4}\d*[1-9]\d*\s*$"
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d*)?", re.ASCII)
_DOT = re.compile(r"[+-]?(?:\d+|\d{1,3}(?:[, ’'\u00a0\u202f]\d{3})+)(?:\.\d*)?", re.ASCII)
_COMMA = re.compile(r"[+-]?(?:\d+|\d{1,3}(?:[. ’'\u00a0\u202f]\d{3})+)(?:,\d*)?", re.ASCII)
_GROUPS = re.compile(r"[ ’'\u00a0\u202f]")
_GROUP_OF_THREE = re.compile(r"[+-]?[1-9]\d{0,2}[.,]\d{3}", re.ASCII)
_KEPT_DECIMALS = 4


def bare(text: str, signs: Sequence[str]) -> str:
    """The text without the space around it and without the sign of a currency."""
    stripped = text.strip()
    for sign in signs:
        for negative in ("", "-"):
            if stripped.startswith(negative + sign):
                return negative + stripped.removeprefix(negative + sign).strip()
        if stripped.endswith(sign):
            return stripped.removesuffix(sign).strip()
    return stripped


def decimal_shown(text: str) -> Decimal | None:
    """The decimal sign that a bare text can only mean; None if it shows none."""
    if _GROUP_OF_THREE.fullmatch(text):
        return None
    by_dot, by_comma = _DOT.fullmatch(text), _COMMA.fullmatch(text)
    if by_dot and not by_comma:
        return "."
    return "," if by_comma and not by_dot else None


@dataclass(frozen=True)
class NumberReading:
    """Reads the numbers of a column; `signs` are those of the layout's currency."""

    decimal: Decimal
    signs: Sequence[str]

    def plain(self, text: str) -> str:
        """The number in the form `PLAIN`. A text that is no number stays as it is; one that is none
        by this decimal sign says so."""
        number = bare(text, self.signs)
        if self.decimal == "," and _COMMA.fullmatch(number):
            return _GROUPS.sub("", number).replace(".", "").replace(",", ".")
        if self.decimal == "." and _DOT.fullmatch(number):
            return _GROUPS.sub("", number).replace(",", "")
        return f"{text} (decimal sign {self.decimal})" if _NUMBER.fullmatch(number) else text


def without_noise(text: str) -> str:
    """A plain number without what a float adds to it: 2.5499999523162842 is 2.55. The text as it
    is if it has few decimals, or means them."""
    if not _NUMBER.fullmatch(text):
        return text
    whole, _, decimals = text.partition(".")
    decimals = decimals.rstrip("0")
    if len(decimals) <= _KEPT_DECIMALS:
        return text
    sign, digits = ("-", whole[1:]) if whole.startswith("-") else ("", whole.removeprefix("+"))
    value = int(digits + decimals)
    for kept in range(_KEPT_DECIMALS + 1):
        unit = 10 ** (len(decimals) - kept)
        rounded = (value + unit // 2) // unit
        padded = str(rounded).rjust(kept + 1, "0")
        shorter = f"{padded[: len(padded) - kept]}.{padded[len(padded) - kept :]}"
        if _as_float(shorter) == _as_float(digits + "." + decimals):
            return sign + shorter
    return text


def _as_float(text: str) -> float:
    """The float of 32 bits that stands for a number. It is compared, never counted with."""
    return c_float(float(text)).value
