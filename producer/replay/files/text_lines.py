"""The lines of a text file, as UTF-8, in blocks: what is not text is refused with its line."""

from __future__ import annotations

import codecs
import hashlib
from collections.abc import Iterable, Iterator
from typing import IO

from contracts.data_files.texts import MAX_LINE_BYTES
from contracts.errors import Usage
from producer.replay.files.containers import Container

BLOCK_BYTES = 1 << 21
# Bytes that no text file holds: all below the space, except tab, line feed and carriage return.
_CONTROL = bytes(byte for byte in range(32) if byte not in b"\t\n\r")
# What Excel for Windows writes where it writes no Unicode.
OLD_ENCODING = "cp1252"
_SAY = "--encoding NAME says which encoding it is, for example --encoding cp1252"


class NotUtf8(Exception):
    """A file without a mark of its encoding is not UTF-8."""


class TextFile:
    """A container of text. `lines` and `digest`, that of the unpacked bytes, are of what was read.

    Without an `encoding` a mark at the start decides, and without a mark it is UTF-8.
    """

    def __init__(self, container: Container, encoding: str = "") -> None:
        self.container = container
        self.lines = 0
        self.digest = hashlib.sha256()
        with container.opened() as packed:
            head = packed.read(4)
        self._marked = head.startswith(codecs.BOM_UTF8)
        wide = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        self.encoding = encoding or ("utf-16" if wide else "utf-8")
        self._found = not encoding
        # The first lines of each kind in a file of an old encoding.
        self._utf8_line = self._old_line = 0

    @classmethod
    def old(cls, container: Container) -> TextFile:
        """A file that turned out not to be UTF-8."""
        text = cls(container, OLD_ENCODING)
        text._found = True
        return text

    @property
    def words(self) -> str:
        return f"{self.encoding} with a mark" if self._marked else self.encoding

    def blocks(self) -> Iterator[bytes]:
        """Blocks of whole lines that end in a line feed, as UTF-8 without a mark. NotUtf8 if the
        encoding was not given; Usage, with the line, for what is no text of the encoding."""
        with self.container.opened() as packed:
            chunks = self._chunks(packed)
            if codecs.lookup(self.encoding).name.startswith(("utf-16", "utf-32")):
                chunks = self._decoded(chunks)
            for raw in self._whole_lines(chunks):
                block = self._utf8(raw)
                if len(block.translate(None, _CONTROL)) != len(block):
                    self._refuse_control(block)
                yield block
                self.lines += block.count(b"\n")

    def _chunks(self, packed: IO[bytes]) -> Iterator[bytes]:
        starts = True
        while chunk := packed.read(BLOCK_BYTES):
            self.digest.update(chunk)
            yield chunk.removeprefix(codecs.BOM_UTF8) if starts else chunk
            starts = False

    def _decoded(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        decoder = codecs.getincrementaldecoder(self.encoding)()
        try:
            for chunk in chunks:
                yield decoder.decode(chunk).removeprefix("\ufeff").encode()
            decoder.decode(b"", final=True)
        except UnicodeError as error:
            raise Usage(
                f"{self.container.path}: the text is not {self.encoding} behind line {self.lines}",
                cause="the file is damaged or cut, or of another encoding",
                command=_SAY,
            ) from error

    def _whole_lines(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """Blocks of whole lines. A carriage return ends a line too, alone or before a feed."""
        rest = b""
        for chunk in chunks:
            held = rest + chunk
            half = held.endswith(b"\r")
            if b"\r" in held:
                held = held.removesuffix(b"\r").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
            lines, newline, rest = held.rpartition(b"\n")
            rest += b"\r" if half else b""
            if newline:
                yield lines + newline
            if len(rest) > MAX_LINE_BYTES:
                lost = self.lines + 1
                raise Usage(
                    f"{self.container.path}: line {lost} is longer than {MAX_LINE_BYTES:,} bytes",
                    cause="it is not a csv file, or it is damaged",
                )
        if rest:
            yield rest.removesuffix(b"\r") + b"\n"

    def _utf8(self, raw: bytes) -> bytes:
        """The lines of a block as UTF-8."""
        if raw.isascii():
            return raw
        encoding = codecs.lookup(self.encoding).name
        try:
            if encoding.startswith(("utf-16", "utf-32")):
                return raw
            if encoding == "cp1252" and self._found:
                self._refuse_mixed(raw)
            text = raw.decode(encoding)
        except UnicodeDecodeError as error:
            if encoding == "utf-8" and self._found and not self._marked:
                raise NotUtf8 from error
            line = self.lines + raw.count(b"\n", 0, error.start) + 1
            raise Usage(
                f"{self.container.path}: line {line}: byte 0x{raw[error.start]:02x} is not "
                f"{self.words}",
                cause="texts of two encodings were put into one file",
                command=_SAY,
            ) from error
        return raw if encoding == "utf-8" else text.encode()

    def _refuse_mixed(self, raw: bytes) -> None:
        """One encoding is found for the file. It must not bend lines that are of another."""
        for number, line in enumerate(raw.split(b"\n"), self.lines + 1):
            if line.isascii():
                continue
            try:
                line.decode()
                self._utf8_line = self._utf8_line or number
            except UnicodeDecodeError:
                self._old_line = self._old_line or number
        if self._utf8_line and self._old_line:
            raise Usage(
                f"{self.container.path}: line {self._utf8_line} is UTF-8, and line "
                f"{self._old_line} is not",
                cause="texts of two encodings were put into one file",
                command=_SAY,
            )

    def _refuse_control(self, block: bytes) -> None:
        at = next(index for index, byte in enumerate(block) if byte in _CONTROL)
        line = self.lines + block.count(b"\n", 0, at) + 1
        raise Usage(
            f"{self.container.path}: line {line}: byte 0x{block[at]:02x} is not text",
            cause="it is not a csv file, it is damaged, or it is UTF-16 without a mark",
            command="--encoding utf-16-le, if it is UTF-16",
        )
