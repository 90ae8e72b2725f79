"""Tables of patterns: the first match wins, and a file that is not a table is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from contracts.errors import Usage
from producer.replay.values.patterns import PatternTable, read_patterns


def table(folder: Path, text: str) -> PatternTable:
    path = folder / "names.csv"
    path.write_text(text, encoding="utf-8")
    return read_patterns(path, "category")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        pytest.param("RED BAG", "bags", id="anywhere"),
        pytest.param("red bag", "bags", id="small letters"),
        pytest.param("PAPER BAG", "paper", id="first match wins"),
        pytest.param("BAG", "bags", id="star stands for nothing too"),
        pytest.param("A.C", "dotted", id="a dot is a dot"),
        pytest.param("ABC", "other", id="and nothing else"),
        pytest.param("TEA SET OF 3", "tea", id="text between stars"),
        pytest.param("MY TEA SET", "other", id="whole text"),
        pytest.param("", "other", id="no text"),
        pytest.param("RED\nBAG", "bags", id="over line ends"),
    ],
)
def test_names(tmp_path: Path, text: str, name: str) -> None:
    rows = "pattern,category\nPAPER*,paper\n*BAG*,bags\nA.C,dotted\nTEA*SET*,tea\n*,other\n"
    assert table(tmp_path, rows).name_of(text) == name


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("", "needs the header", id="empty"),
        pytest.param("a,b\n*,x\n", "needs the header pattern,category", id="other header"),
        pytest.param("pattern,category\nA,a\n", "last pattern must be", id="no catch-all"),
        pytest.param("pattern,category\nA\n*,x\n", "row 1", id="one field"),
        pytest.param("pattern,category\nA,\n*,x\n", "row 1", id="empty name"),
    ],
)
def test_a_table_that_is_none(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(Usage, match=message):
        table(tmp_path, text)


def test_a_missing_table(tmp_path: Path) -> None:
    with pytest.raises(Usage, match="cannot be read"):
        read_patterns(tmp_path / "none.csv", "category")
