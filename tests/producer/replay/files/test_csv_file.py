"""Files are judged before anything is sent, and their rows are a csv parser's rows."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.errors import Usage
from producer.replay.files import csv_file
from producer.replay.files.csv_file import judge

COLUMNS = ("a", "b", "c")
GOOD = b"a,b,c\n1,2,3\n"


def rows_of(path: Path) -> list[list[str]]:
    blocks = judge(path, COLUMNS).blocks()
    return [block.row(index) for block in blocks for index in range(len(block))]


def written(folder: Path, content: bytes) -> Path:
    path = folder / "data.csv"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(b"", "header row, column 1 should be 'a', found nothing", id="empty file"),
        pytest.param(
            b"1,2,3\n4,5,6\n", "header row, column 1 should be 'a', found '1'", id="no header"
        ),
        pytest.param(b"a,x,c\n1,2,3\n", "column 2 should be 'b', found 'x'", id="other column"),
        pytest.param(b"a,b\n1,2\n", "column 3 should be 'c', found nothing", id="column missing"),
        pytest.param(
            b"a,b,c,d\n1,2,3,4\n", "column 4 should not be there: 'd'", id="column too many"
        ),
        pytest.param(
            b"# Title\n\nA text.\n", "column 1 should be 'a', found '# Title'", id="prose"
        ),
        pytest.param(b"a,b,c\n", "no data row", id="header alone"),
        pytest.param(b"a,b,c\n\n\n", "no data row", id="header and empty lines"),
        pytest.param(GOOD + b"4,5\n", r"row 2, the last, ends within column 2 \(b\)", id="cut row"),
        pytest.param(
            GOOD + b"4", r"row 2, the last, ends within column 1 \(a\)", id="cut in a field"
        ),
        pytest.param(
            GOOD + b'4,"5\n6,7', r"row 2, the last, ends within column 2", id="cut in quotes"
        ),
        pytest.param(GOOD + b"4,\x00,6\n", "row 2, column 2: byte 0x00 is not text", id="NUL byte"),
        pytest.param(
            b"\x7fELF\x02\x01", "header row, column 1: byte 0x02 is not text", id="binary"
        ),
        pytest.param(
            GOOD + b'4,"' + b"x" * 200_000 + b'",6\n', "row 2", id="field as long as a book"
        ),
    ],
)
def test_a_file_that_cannot_be_replayed_is_named_with_row_and_column(
    tmp_path: Path, content: bytes, message: str
) -> None:
    with pytest.raises(Usage, match=message):
        judge(written(tmp_path, content), COLUMNS)


@pytest.mark.parametrize("kept", [0.5, 0.999], ids=["half", "all but the end"])
def test_a_cut_gzip_is_refused(tmp_path: Path, kept: float) -> None:
    packed = gzip.compress(b"a,b,c\n" + b"".join(b"%d,x,y\n" % n for n in range(50_000)))
    with pytest.raises(Usage, match="compressed data ends early or is damaged after row"):
        judge(written(tmp_path, packed[: int(len(packed) * kept)]), COLUMNS)


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(Usage, match="cannot be read"):
            judge(path, COLUMNS)


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        pytest.param(b"a,b,c\n1,2,3", [["1", "2", "3"]], id="no line end at the end"),
        pytest.param(b"a,b,c\r\n1,2,3\r\n", [["1", "2", "3"]], id="carriage returns"),
        pytest.param(b"a,b,c\r\n1,2,3\r", [["1", "2", "3"]], id="half a line end at the end"),
        pytest.param(b"a,b,c\r1,2,3\r", [["1", "2", "3"]], id="old line ends"),
        pytest.param(b"\xef\xbb\xbfa,b,c\n1,2,3\n", [["1", "2", "3"]], id="byte order mark"),
        pytest.param(b'a,b,c\n1,"2,x",3\n', [["1", "2,x", "3"]], id="quoted comma"),
        pytest.param(b'a,b,c\n1,"2\nx",3\n', [["1", "2\nx", "3"]], id="quoted line end"),
        pytest.param(b'a,b,c\n1,2" x,3\n', [["1", '2" x', "3"]], id="inch mark"),
        pytest.param(b"a,b,c\n\n1,2,3\n\n", [["1", "2", "3"]], id="empty lines are no rows"),
        pytest.param(b"a,b,c\n1\n1,2,3\n", [["1"], ["1", "2", "3"]], id="short row is a row"),
        pytest.param("a,b,c\n£,é,3\n".encode(), [["£", "é", "3"]], id="UTF-8"),
        pytest.param("a,b,c\n£,é,3\n".encode("latin-1"), [["£", "é", "3"]], id="Latin-1"),
        pytest.param(
            b"a,b,c\n\xc2\xa3,\xe9,3\n", [["Â£", "é", "3"]], id="one encoding for the file"
        ),
    ],
)
def test_rows(tmp_path: Path, content: bytes, rows: list[list[str]]) -> None:
    assert rows_of(written(tmp_path, content)) == rows
    assert judge(tmp_path / "data.csv", COLUMNS).rows == len(rows)


def test_a_file_and_its_gzip_are_the_same_data(tmp_path: Path) -> None:
    plain, packed = tmp_path / "plain.csv", tmp_path / "packed.csv.gz"
    plain.write_bytes(GOOD)
    packed.write_bytes(gzip.compress(GOOD))
    assert judge(plain, COLUMNS).sha256 == judge(packed, COLUMNS).sha256
    assert judge(plain, COLUMNS).sha256 == hashlib.sha256(GOOD).hexdigest()
    assert rows_of(plain) == rows_of(packed)


@settings(deadline=None)
@given(st.text(st.sampled_from('ab,"\n\r£ '), max_size=60))
def test_rows_are_what_a_csv_parser_reads(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    path = tmp_path_factory.mktemp("csv") / "data.csv"
    content = "a,b,c\n" + text + "\n1,2,3\n"
    path.write_bytes(content.encode())
    parsed = [row for row in csv.reader(io.StringIO(content, newline="")) if row][1:]
    try:
        assert rows_of(path) == parsed
    except Usage:
        assert len(parsed[-1]) < 3
    else:
        assert judge(path, COLUMNS).rows == len(parsed)


def test_blocks_cut_anywhere_give_the_same_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = "a,b,c\r\n" + "".join(f'{n},"x, {n}",£\r\n' for n in range(40))
    path = written(tmp_path, content.encode())
    whole = rows_of(path)
    assert len(whole) == 40
    for size in range(1, 30):
        monkeypatch.setattr(csv_file, "BLOCK_BYTES", size)
        monkeypatch.setattr(csv_file, "_LINES_BYTES", size)
        assert rows_of(path) == whole
