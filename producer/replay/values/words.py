"""Names and ids of data files, without the words and the noise that tools put in their place."""

from __future__ import annotations

import re

from contracts.data_files.texts import MISSING

# An id that a tool took for a number. RE2 and `re` mean the same by it.
SCIENTIFIC = r"^\s*\d(\.\d+)?[eE]\+?\d{1,3}\s*$"
_FLOAT = re.compile(r"(\d+)\.0+", re.ASCII)
_SCIENTIFIC = re.compile(r"(\d)(?:\.(\d+))?[eE]\+?(\d{1,3})", re.ASCII)


def named(text: str) -> str:
    """The text without the space around it; empty if it stands for a missing value."""
    stripped = text.strip()
    return "" if stripped.lower() in MISSING else stripped


def id_of(text: str) -> str:
    """An id as it was before a tool took it for a number: 17850.0 is 17850, and so is 1.785E+04.
    An id whose last digits are lost stays as it is."""
    stripped = named(text)
    if match := _FLOAT.fullmatch(stripped):
        return match[1]
    if (match := _SCIENTIFIC.fullmatch(stripped)) and not lost_digits(stripped):
        digits = int(match[3]) + 1
        return (match[1] + (match[2] or ""))[:digits].ljust(digits, "0")
    return stripped


def lost_digits(text: str) -> bool:
    """Whether an id is written with fewer digits than it has."""
    match = _SCIENTIFIC.fullmatch(text.strip())
    if match is None:
        return False
    decimals, exponent = len((match[2] or "").rstrip("0")), int(match[3])
    return decimals != exponent and not (decimals < exponent <= len(match[2] or ""))
