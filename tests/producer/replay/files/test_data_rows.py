"""Files are judged before anything is sent, and their rows are a csv parser's rows."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.data_files.layouts import FileLayout
from contracts.data_files.texts import MAX_LINE_BYTES
from contracts.errors import Usage
from producer.replay.files import text_lines
from producer.replay.files.csv_block import fields_of
from producer.replay.files.data_rows import DataRows, opened
from producer.replay.files.given import Given

LAYOUT = FileLayout(
    "online-retail",
    ("a", "b", "c"),
    also={},
    date="a",
    numbers=(),
    prices=(),
    ids=(),
    currency="GBP",
)
GOOD = b"a,b,c\n1,2,3\n"


def judge(path: Path, given: Given = Given()) -> DataRows:  # noqa: B008 - it never changes
    """What is found in a file; its rows are gone."""
    with opened(path, LAYOUT, given) as file:
        return file


def rows_of(path: Path, given: Given = Given()) -> list[list[str]]:  # noqa: B008 - it never changes
    with opened(path, LAYOUT, given) as file:
        return [block.row(index) for block in file.blocks() for index in range(len(block))]


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
        pytest.param(b",a,b,c\n0,1,2,3\n", "column 1 has no name", id="numbers of rows"),
        pytest.param(b"a,,b,c\n1,x,2,3\n", "column 2 has no name", id="no name between names"),
        pytest.param(b"a,b,A,c\n1,2,3,4\n", r"columns \[1, 3\] are both 'a'", id="a name twice"),
        pytest.param(
            b"# Title\n\nA text.\n", "column 1 should be 'a', found '# Title'", id="prose"
        ),
        pytest.param(b"a,b,c\n", "no data row", id="header alone"),
        pytest.param(b"a,b,c\n\n\n", "no data row", id="header and empty lines"),
        pytest.param(GOOD + b"4,5\n", r"row 2, the last, ends within column 2 \(b\)", id="cut row"),
        pytest.param(
            GOOD + b"4", r"row 2, the last, ends within column 1 \(a\)", id="cut in a field"
        ),
        pytest.param(GOOD + b"4,\x00,6\n", "line 3: byte 0x00 is not text", id="NUL byte"),
        pytest.param(b"\x7fELF\x02\x01", "line 1: byte 0x02 is not text", id="binary"),
        pytest.param(
            GOOD + b"x" * (MAX_LINE_BYTES + 1), "line 3 is longer than", id="a line without end"
        ),
        pytest.param(
            b"\xef\xbb\xbf" + GOOD + b"4,\xa3,6\n", "line 3: byte 0xa3 is not utf-8", id="no UTF-8"
        ),
        pytest.param(
            b"a,b,c\n\xc2\xa3,2,3\n\xe9,2,3\n", "line 2 is UTF-8, and line 3 is not", id="mixed"
        ),
        pytest.param(b"\x1f\x8b" + b"x" * 30, "damaged", id="no gzip behind its first bytes"),
        pytest.param(gzip.compress(gzip.compress(GOOD)), "gzip file that holds a gzip", id="twice"),
        pytest.param(b"BZh91AY", "is a bzip2 file", id="bzip2"),
        pytest.param(b"%PDF-1.7", "is a pdf file", id="pdf"),
    ],
)
def test_a_file_that_cannot_be_replayed_is_named_with_row_and_column(
    tmp_path: Path, content: bytes, message: str
) -> None:
    with pytest.raises(Usage, match=message):
        judge(written(tmp_path, content))


@pytest.mark.parametrize("kept", [0.5, 0.999], ids=["half", "all but the end"])
def test_a_cut_gzip_is_refused(tmp_path: Path, kept: float) -> None:
    packed = gzip.compress(b"a,b,c\n" + b"".join(b"%d,x,y\n" % n for n in range(50_000)))
    with pytest.raises(Usage, match="compressed data ends early or is damaged"):
        judge(written(tmp_path, packed[: int(len(packed) * kept)]))


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(Usage, match="cannot be read"):
            judge(path)


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        pytest.param(b"a,b,c\n1,2,3", [["1", "2", "3"]], id="no line end at the end"),
        pytest.param(b"a,b,c\r\n1,2,3\r\n", [["1", "2", "3"]], id="carriage returns"),
        pytest.param(b"a,b,c\r\n1,2,3\r", [["1", "2", "3"]], id="half a line end at the end"),
        pytest.param(b"a,b,c\r1,2,3\r", [["1", "2", "3"]], id="old line ends"),
        pytest.param(b"\xef\xbb\xbfa,b,c\n1,2,3\n", [["1", "2", "3"]], id="byte order mark"),
        pytest.param(b'a,b,c\n1,"2,x",3\n', [["1", "2,x", "3"]], id="quoted comma"),
        pytest.param(
            b'a,b,c\n1,"2\nx",3\n4,5,6\n',
            [["1", '"2'], ['x"', "3"], ["4", "5", "6"]],
            id="a record is one line",
        ),
        pytest.param(
            b'a,b,c\n1,"2,3\n4,"5,6\n', [["1", '"2', "3"], ["4", '"5', "6"]], id="lone quotes"
        ),
        pytest.param(b'a,b,c\n1,"2" x,3\n', [["1", '"2" x', "3"]], id="text behind a quote"),
        pytest.param(b"C,x,b, A\n3,4,2,1\n", [["3", "4", "2", "1"]], id="columns anywhere"),
        pytest.param(b"a;b;c\n1;2,5;3\n", [["1", "2,5", "3"]], id="semicolons"),
        pytest.param(b"a\tb\tc\n1\t2\t3\n", [["1", "2", "3"]], id="tabs"),
        pytest.param(b"sep=;\na;b;c\n1;2;3\n", [["1", "2", "3"]], id="a line for spreadsheets"),
        pytest.param("a,b,c\n£,é,3\n".encode("utf-16"), [["£", "é", "3"]], id="UTF-16"),
        pytest.param(b"a,b,c\n\x80,\x93x\x94,3\n", [["€", "“x”", "3"]], id="cp1252"),
        pytest.param(b"a,b,c\n,,\n1,2,3\n , ,\n", [["1", "2", "3"]], id="padding is no row"),
        pytest.param(b'a,b,c\n1,2" x,3\n', [["1", '2" x', "3"]], id="inch mark"),
        pytest.param(b"a,b,c\n\n1,2,3\n\n", [["1", "2", "3"]], id="empty lines are no rows"),
        pytest.param(b"a,b,c\n1\n1,2,3\n", [["1"], ["1", "2", "3"]], id="short row is a row"),
        pytest.param("a,b,c\n£,é,3\n".encode(), [["£", "é", "3"]], id="UTF-8"),
        pytest.param("a,b,c\n£,é,3\n".encode("latin-1"), [["£", "é", "3"]], id="Latin-1"),
    ],
)
def test_rows(tmp_path: Path, content: bytes, rows: list[list[str]]) -> None:
    assert rows_of(written(tmp_path, content)) == rows
    assert judge(tmp_path / "data.csv").rows == len(rows)


def test_a_file_and_its_gzip_are_the_same_data(tmp_path: Path) -> None:
    plain, packed = tmp_path / "plain.csv", tmp_path / "packed.csv.gz"
    plain.write_bytes(GOOD)
    packed.write_bytes(gzip.compress(GOOD))
    assert judge(plain).sha256 == judge(packed).sha256
    assert judge(plain).sha256 == hashlib.sha256(GOOD).hexdigest()
    assert rows_of(plain) == rows_of(packed)


@given(st.text(st.sampled_from('ab,"\n\r£ '), max_size=60))
def test_each_line_with_a_text_is_a_row(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    path = tmp_path_factory.mktemp("csv") / "data.csv"
    content = "a,b,c\n" + text + "\n1,2,3\n"
    path.write_bytes(content.encode())
    lines = content.replace("\r\n", "\n").replace("\r", "\n").split("\n")[1:-1]
    expected = [fields for line in lines if any(map(str.strip, fields := fields_of(line, ",")))]
    assert rows_of(path) == expected
    found = judge(path)
    assert found.records == len(lines) + 1 == found.heads + found.blank + found.rows


def test_blocks_cut_anywhere_give_the_same_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = "a,b,c\r\n" + "".join(f'{n},"x, {n}",£\r\n' for n in range(40))
    path = written(tmp_path, content.encode())
    whole = rows_of(path)
    assert len(whole) == 40
    for size in range(1, 30):
        monkeypatch.setattr(text_lines, "BLOCK_BYTES", size)
        assert rows_of(path) == whole
