"""A sink for eyes: each batch's partial answers as lines of JSON; nothing is stored."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa

MAX_ROWS = 20


def shown(title: str, rows: pa.Table, write: Callable[[str], object]) -> None:
    """Write a table's first rows, one JSON object a line, and how many there are."""
    write(json.dumps({"answer": title, "rows": rows.num_rows}))
    for row in rows.slice(0, MAX_ROWS).to_pylist():
        write(json.dumps({"answer": title, **{name: _plain(v) for name, v in row.items()}}))


def _plain(value: Any) -> Any:
    match value:
        case bytes():
            return f"{len(value)} bytes"
        case datetime():
            return value.isoformat()
        case Decimal():
            return str(value)
    return value
