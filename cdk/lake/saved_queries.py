"""Questions that analysts find ready in their workgroup: one file of SQL each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

_FOLDER = Path(__file__).with_name("queries")


@dataclass(frozen=True)
class SavedQuery:
    """`meaning` is the comment above the statement `sql`, which Athena and DuckDB both read."""

    name: str
    meaning: str
    sql: str


def saved_queries() -> tuple[SavedQuery, ...]:
    """All of them, by name."""
    return tuple(_read(file) for file in sorted(_FOLDER.glob("*.sql")))


def _read(file: Path) -> SavedQuery:
    text = file.read_text(encoding="utf-8")
    comment = [line.removeprefix("-- ") for line in text.splitlines() if line.startswith("-- ")]
    return SavedQuery(file.stem.replace("_", " "), " ".join(comment), text)
