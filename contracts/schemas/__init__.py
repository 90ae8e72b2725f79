"""The Avro schemas that ship with the package: one folder per topic, one file per version."""

from __future__ import annotations

import json
from importlib import resources


def bundled_schemas() -> dict[str, tuple[str, ...]]:
    """Schema texts by folder name (``orders``, ``clicks`` ...), oldest version first."""
    root = resources.files(__name__)
    return {
        folder.name: tuple(
            version.read_text(encoding="utf-8")
            for version in sorted(folder.iterdir(), key=lambda entry: _number(entry.name))
            if version.name.endswith(".avsc")
        )
        for folder in sorted(root.iterdir(), key=lambda entry: entry.name)
        if folder.is_dir() and not folder.name.startswith("_")
    }


def _number(file_name: str) -> int:
    digits = file_name.removeprefix("v").removesuffix(".avsc")
    return int(digits) if digits.isdigit() else 0


def canonical(schema: str) -> str:
    """The schema without whitespace and with sorted keys: equal texts for equal schemas."""
    return json.dumps(json.loads(schema), sort_keys=True, separators=(",", ":"))
