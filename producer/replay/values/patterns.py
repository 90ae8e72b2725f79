"""Tables of patterns that name things: the first match wins, and ``*`` stands for any text."""

from __future__ import annotations

import csv
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from contracts.errors import Usage

CATCH_ALL = "*"


@dataclass(frozen=True)
class PatternTable:
    """Rows of (part, pattern, name), which are compared with the whole text in lower case.

    A text can match only if it contains the part. Without a pattern, every text that contains the
    part matches. The last row matches every text.
    """

    rows: tuple[tuple[str, re.Pattern[str] | None, str], ...]
    sha256: str

    def name_of(self, text: str) -> str:
        """The name of the first pattern that matches."""
        lowered = text.lower()
        return next(
            name
            for part, pattern, name in self.rows
            if part in lowered and (pattern is None or pattern.fullmatch(lowered))
        )


def read_patterns(path: Path, name_column: str) -> PatternTable:
    """The table of a csv file with columns ``pattern`` and `name_column`; Usage on any other."""
    try:
        raw = path.read_bytes()
        rows = list(csv.reader(raw.decode("utf-8-sig").splitlines()))
    except OSError as error:
        raise Usage(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise Usage(f"{path} is not UTF-8 text") from error
    if not rows or rows[0] != ["pattern", name_column]:
        raise Usage(f"{path} needs the header pattern,{name_column}")
    for number, row in enumerate(rows[1:], start=1):
        if len(row) != 2 or not all(row):
            raise Usage(f"{path}, row {number}: needs a pattern and a {name_column}")
    if rows[-1][0] != CATCH_ALL:
        raise Usage(f"{path}: the last pattern must be {CATCH_ALL}, so that everything has a name")
    return PatternTable(
        rows=tuple((*_compiled(pattern), name) for pattern, name in rows[1:]),
        sha256=hashlib.sha256(raw).hexdigest(),
    )


def _compiled(pattern: str) -> tuple[str, re.Pattern[str] | None]:
    parts = pattern.lower().split("*")
    match parts:
        case ["", inside, ""]:
            # Most patterns are of this kind, and a regular expression takes ten times as long.
            return inside, None
        case _:
            return max(parts, key=len), re.compile(".*".join(map(re.escape, parts)), re.DOTALL)
