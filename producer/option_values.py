"""Values of options as their texts give them; argparse tells what each must be."""

from __future__ import annotations

from argparse import ArgumentTypeError


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
