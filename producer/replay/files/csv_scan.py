"""What the bytes of a csv file say: hash, encoding, whether text, whether lines are rows."""

from __future__ import annotations

import codecs
import csv
import hashlib

BLOCK_BYTES = 1 << 18
# Bytes that no text file holds: all below the space, except tab, line feed and carriage return.
_CONTROL = bytes(byte for byte in range(32) if byte not in b"\t\n\r")


class Scan:
    """Takes the blocks of a file in order, and then its end; ValueError if the bytes are not text.

    `one_line_rows` is True if every line is exactly one csv row; only then does `lines` count them.
    """

    def __init__(self) -> None:
        self.sha256 = hashlib.sha256()
        self.encoding = "utf-8-sig"
        self.one_line_rows = True
        self.newlines = 0
        self._first_line: bytes | None = None
        self._last_line = b""
        self._rest = b""
        self._utf8 = codecs.getincrementaldecoder("utf-8")()

    @property
    def lines(self) -> int:
        return self.newlines + bool(self._rest)

    def add(self, block: bytes) -> None:
        self.sha256.update(block)
        if len(block.translate(None, _CONTROL)) != len(block):
            raise ValueError(self._control_byte(block))
        self._try_utf8(block, final=False)
        self.newlines += block.count(b"\n")
        lines, newline, rest = (self._rest + block).rpartition(b"\n")
        self._rest = rest
        if newline:
            self._add_lines(lines)
        if len(rest) > BLOCK_BYTES:
            # A line this long has a field that the parser refuses, and the parser says where.
            self.one_line_rows, self._rest = False, b""

    def end(self) -> None:
        """Judge what the last block left open."""
        self._try_utf8(b"", final=True)
        if self._rest:
            self._add_lines(self._rest)
        elif self._first_line is None:
            self.one_line_rows = False

    def first_row(self) -> list[str]:
        return _parse(self._first_line or b"", self.encoding)

    def last_row(self) -> list[str]:
        return _parse(self._last_line, "latin-1" if self.encoding == "latin-1" else "utf-8")

    def _try_utf8(self, block: bytes, *, final: bool) -> None:
        if self.encoding == "latin-1" or (block.isascii() and not self._utf8.getstate()[0]):
            return
        try:
            self._utf8.decode(block, final)
        except UnicodeDecodeError:
            self.encoding = "latin-1"

    def _add_lines(self, lines: bytes) -> None:
        """See whether each of these whole lines is a row; the last one comes without its \\n."""
        if self._first_line is None:
            self._first_line = lines.partition(b"\n")[0]
        self._last_line = lines.rpartition(b"\n")[2]
        if self.one_line_rows:
            self.one_line_rows = not _has_empty_line(lines) and not _has_lone_return(lines)
        if self.one_line_rows and b'"' in lines:
            self.one_line_rows = _each_is_a_row(_lines_with_quotes(lines))

    def _control_byte(self, block: bytes) -> str:
        at = next(index for index, byte in enumerate(block) if byte in _CONTROL)
        row = self.newlines + block.count(b"\n", 0, at)
        line = (self._rest + block[:at]).rpartition(b"\n")[2]
        where = f"row {row}" if row else "header row"
        return f"{where}, column {line.count(b',') + 1}: byte 0x{block[at]:02x} is not text"


def _has_empty_line(lines: bytes) -> bool:
    if not lines or lines.startswith(b"\n") or lines.endswith(b"\n") or b"\n\n" in lines:
        return True
    return b"\r" in lines and (lines.startswith(b"\r") or b"\n\r" in lines)


def _has_lone_return(lines: bytes) -> bool:
    """Whether there are old line ends, or a carriage return within a field."""
    if b"\r" not in lines:
        return False
    return lines.count(b"\r") != lines.count(b"\r\n") + lines.endswith(b"\r")


def _lines_with_quotes(lines: bytes) -> list[bytes]:
    found = []
    at = lines.find(b'"')
    while at >= 0:
        end = lines.find(b"\n", at)
        end = len(lines) if end < 0 else end
        found.append(lines[lines.rfind(b"\n", 0, at) + 1 : end])
        at = lines.find(b'"', end)
    return found


def _each_is_a_row(lines: list[bytes]) -> bool:
    """Whether each line closes the quotes that it opens, so that the parser makes one row of it."""
    texts = [line.decode("latin-1").removesuffix("\r") for line in lines]
    try:
        # A line that leaves a quote open swallows the line after it; the last one swallows the end.
        return len(list(csv.reader([*(text + "\n" for text in texts), "end\n"]))) == len(texts) + 1
    except csv.Error:
        return False


def _parse(line: bytes, encoding: str) -> list[str]:
    return next(csv.reader((line.decode(encoding).removesuffix("\r"),)), [])
