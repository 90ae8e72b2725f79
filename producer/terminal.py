"""The producer's own lines: progress and errors to standard error, JSON to standard output."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping


def tell(line: str) -> None:
    """Write one line for a person."""
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def answer(fields: Mapping[str, object]) -> None:
    """Write one JSON document for a program."""
    sys.stdout.write(json.dumps(fields, indent=2) + "\n")
    sys.stdout.flush()
