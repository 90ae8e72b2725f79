"""A job plan in two parts: a document that is uploaded under the hash of its bytes, and the values
that only a deployment knows."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

# What a document is called, so that a grant can name the plans and nothing else.
SUFFIX = ".plan"
# Where a value goes. Neither JSON nor a name of AWS has it.
_PLACE = re.compile(r"<<(\d+)>>")


def taken_apart(text: str, unknown: re.Pattern[str]) -> tuple[str, dict[str, str]]:
    """The plan with a numbered place for each different text that matches `unknown`, and those
    texts by their number."""
    numbers: dict[str, str] = {}

    def place(found: re.Match[str]) -> str:
        return f"<<{numbers.setdefault(found[0], str(len(numbers)))}>>"

    return unknown.sub(place, text), {number: found for found, number in numbers.items()}


def put_together(text: str, values: Mapping[str, str]) -> str:
    """The plan with its values; KeyError where one is missing."""
    return _PLACE.sub(lambda found: json.dumps(values[found[1]])[1:-1], text)
