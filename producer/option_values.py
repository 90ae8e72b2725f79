"""Values of options as their texts give them; argparse tells what each must be."""

from __future__ import annotations

from argparse import ArgumentTypeError

# More rows or events than anybody has.
_MOST = 10**12


def between(text: str, least: float, most: float) -> float:
    """A number from `least` to `most`."""
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if not least <= number <= most:
        raise ArgumentTypeError(f"{text!r} is no number from {least:,g} to {most:,g}")
    return number


def whole(text: str, least: int, most: int) -> int:
    """A whole number from `least` to `most`."""
    try:
        number = int(text)
    except ValueError:
        number = least - 1
    if not least <= number <= most:
        raise ArgumentTypeError(f"{text!r} is no whole number from {least:,} to {most:,}")
    return number


def count(text: str) -> int:
    """How many, or the place of one: from 1."""
    return whole(text, 1, _MOST)
