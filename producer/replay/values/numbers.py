"""Numbers of data files: decimal signs, groups of thousands, signs of currencies, float noise."""

from __future__ import annotations

import re
from collections.abc import Sequence
from ctypes import c_float
from dataclasses import dataclass
from math import isclose
from typing import Literal

Decimal = Literal[".", ","]

# The form that needs no reading. RE2 and `re` mean the same by it.
PLAIN = r"^\s*[+-]?\d*(\.\d*)?\s*$"
LONG = r"^\s*[+-]?\d+\.\d{4}\d*[1-9]\d*\s*$"
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d*)?", re.ASCII)
_DOT = re.compile(r"[+-]?(?:\d+|[1-9]\d{0,2}(?:[, ’'\u00a0\u202f]\d{3})+)(?:\.\d*)?", re.ASCII)
_COMMA = re.compile(r"[+-]?(?:\d+|[1-9]\d{0,2}(?:[. ’'\u00a0\u202f]\d{3})+)(?:,\d*)?", re.ASCII)
_GROUPS = re.compile(r"[ ’'\u00a0\u202f]")
_GROUP_OF_THREE = re.compile(r"[+-]?[1-9]\d{0,2}[.,]\d{3}", re.ASCII)
_KEPT_DECIMALS = 4
# A float of 64 bits and what sums of it add: some units of its last place.
_LAST_PLACES = 1e-15
# A float of 32 bits is written with so many digits, or with all that one of 64 bits shows of it.
_SINGLE_DIGITS = 10
# Below it floats of 32 bits lie closer than cents.
_MOST_SINGLE = 1 << 17


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
    """A plain number without what a float of 64 or 32 bits adds to it: 2.5499999523162842 is 2.55.
    The text as it is if it has few decimals, or means them."""
    if not _NUMBER.fullmatch(text):
        return text
    whole, _, decimals = text.partition(".")
    decimals = decimals.rstrip("0")
    if len(decimals) <= _KEPT_DECIMALS:
        return text
    sign, digits = ("-", whole[1:]) if whole.startswith("-") else ("", whole.removeprefix("+"))
    # Floats are compared here, and never counted with.
    written = float(f"{digits}.{decimals}")
    for kept in range(_KEPT_DECIMALS + 1):
        shorter = _rounded(digits, decimals, kept)
        if isclose(float(shorter), written, rel_tol=_LAST_PLACES):
            return sign + shorter
    single = c_float(written).value
    few = len((digits + decimals).lstrip("0")) <= _SINGLE_DIGITS
    if written < _MOST_SINGLE and (few or isclose(single, written, rel_tol=_LAST_PLACES)):
        # Cents and what is finer: fewer decimals may stand for several amounts.
        for kept in range(2, _KEPT_DECIMALS + 1):
            shorter = _rounded(digits, decimals, kept)
            if c_float(float(shorter)).value == single:
                return sign + shorter
    return text


def _rounded(digits: str, decimals: str, kept: int) -> str:
    unit = 10 ** (len(decimals) - kept)
    padded = str((int(digits + decimals) + unit // 2) // unit).rjust(kept + 1, "0")
    return f"{padded[: len(padded) - kept]}.{padded[len(padded) - kept :]}"
