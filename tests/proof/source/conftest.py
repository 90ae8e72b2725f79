"""A reading of raw files for every test of the proof's own source."""

from __future__ import annotations

from pathlib import Path

import pytest

from proof.relations import connect, prepare
from proof.source import data_file as source
from tests.proof.source.raw_file import CATEGORIES, REGIONS, Reading


@pytest.fixture
def reading(tmp_path: Path) -> Reading:
    connection = connect()
    prepare(connection)
    source.make_relations(connection)
    for kind, text in (("category", CATEGORIES), ("region", REGIONS)):
        path = tmp_path / f"{kind}.csv"
        path.write_text(text)
        source.load_patterns(connection, kind, path)
    return Reading(connection, tmp_path)
