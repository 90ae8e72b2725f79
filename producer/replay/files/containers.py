"""What a data file is packed in, known by its first bytes and never by its name."""

from __future__ import annotations

import gzip
import shutil
import sys
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, Any, Literal

import pyarrow as pa

from contracts.errors import EnvironmentProblem, Usage

Kind = Literal["text", "gzip", "zip", "zstd", "sheet", "parquet"]

_OLE = b"\xd0\xcf\x11\xe0"
_MAGIC: tuple[tuple[bytes, Kind], ...] = (
    (b"\x1f\x8b", "gzip"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"PAR1", "parquet"),
    (_OLE, "sheet"),
)
# What no data file is, and what to do about it.
_FOREIGN = (
    (b"BZh", "bzip2", "bunzip2"),
    (b"\xfd7zXZ", "xz", "unxz"),
    (b"7z\xbc\xaf", "7z", "7z x"),
    (b"Rar!", "rar", "unrar x"),
    (b"%PDF", "pdf", ""),
)
_HEAD = 8
# A workbook is read as a whole, so what it unpacks to is bounded.
_MOST_SHEET_BYTES = 1 << 30


@dataclass(frozen=True)
class Container:
    """A file of some kind; `member` is the name of the data within a zip."""

    path: Path
    kind: Kind
    member: str = ""

    @contextmanager
    def opened(self) -> Iterator[IO[bytes]]:
        """The unpacked bytes; Usage if they are damaged, or are packed once more."""
        try:
            with self._stream() as stream:
                yield stream
        # What `zipfile` raises when it opens a member of a method that it does not know.
        except NotImplementedError as error:
            raise _packed_otherwise(self.path) from error
        except (EOFError, zlib.error, gzip.BadGzipFile, zipfile.BadZipFile, pa.ArrowException) as e:
            raise Usage(
                f"{self.path}: the compressed data ends early or is damaged",
                cause="a download or copy did not finish",
                command="copy the file again",
            ) from e
        except OSError as error:
            raise Usage(f"{self.path} cannot be read: {error.strerror or error}") from error

    @contextmanager
    def _stream(self) -> Iterator[Any]:
        match self.kind:
            case "gzip":
                with gzip.open(self.path, "rb") as stream:
                    yield stream
            case "zstd":
                with pa.input_stream(self.path, compression="zstd") as stream:
                    yield stream
            case "zip":
                with zipfile.ZipFile(self.path) as packed, packed.open(self.member) as stream:
                    yield stream
            case _:
                with self.path.open("rb") as stream:
                    yield stream

    @property
    def words(self) -> str:
        """How a person calls it."""
        return f"zip ({self.member})" if self.member else self.kind


def container_of(path: Path) -> Container:
    """What the file is; Usage if it cannot be read or is nothing that holds rows."""
    try:
        with path.open("rb") as stream:
            head = stream.read(_HEAD)
    except OSError as error:
        raise Usage(f"{path} cannot be read: {error.strerror or error}") from error
    _refuse_foreign(path, head)
    kind = _kind(head)
    container = _in_zip(path) if kind == "zip" else Container(path, kind)
    if container.kind in ("gzip", "zip", "zstd"):
        _refuse_packed_twice(container)
    return container


def _packed_otherwise(path: Path) -> Usage:
    """The error for a zip of a method that `zipfile` does not know."""
    return Usage(
        f"{path}: the zip is packed by a method that Python does not know",
        cause="Windows packs files beyond 2 GB so",
        command=f"unzip {path}, then the file in it",
    )


def _kind(head: bytes) -> Kind:
    return next((kind for magic, kind in _MAGIC if head.startswith(magic)), "text")


def _refuse_foreign(path: Path, head: bytes) -> None:
    for magic, what, command in _FOREIGN:
        if head.startswith(magic):
            raise Usage(
                f"{path} is a {what} file",
                command=f"{command} {path}, then the file in it" if command else "save it as csv",
            )


def _refuse_packed_twice(container: Container) -> None:
    with container.opened() as stream:
        head = stream.read(_HEAD)
    inner = _kind(head)
    if inner != "text":
        raise Usage(
            f"{container.path} is a {container.kind} file that holds a {inner} file",
            cause="it was packed twice",
            command="unpack it once, and give what is in it",
        )
    _refuse_foreign(container.path, head)


def _in_zip(path: Path) -> Container:
    """The workbook or the one data file of a zip."""
    try:
        with zipfile.ZipFile(path) as packed:
            members = packed.infolist()
    # A zip may ask for a later version of the format than `zipfile` knows.
    except NotImplementedError as error:
        raise _packed_otherwise(path) from error
    except zipfile.BadZipFile as error:
        raise Usage(
            f"{path}: the zip is damaged: {error}",
            cause="a download or copy did not finish",
            command=f"unzip -t {path}",
        ) from error
    if any(member.filename == "xl/workbook.xml" for member in members):
        size = sum(member.file_size for member in members)
        if size > _MOST_SHEET_BYTES:
            raise Usage(
                f"{path}: the workbook unpacks to {size:,} bytes, more than {_MOST_SHEET_BYTES:,}",
                command="save the sheet as csv",
            )
        return Container(path, "sheet")
    names = [
        member.filename
        for member in members
        if not member.is_dir() and not member.filename.startswith("__MACOSX/")
    ]
    if len(names) != 1:
        held = ", ".join(names[:5]) or "nothing"
        raise Usage(
            f"{path} is a zip that holds {len(names)} files, not one: {held}",
            command="unzip it, and give one of the files",
        )
    if any(member.flag_bits & 1 for member in members):
        raise Usage(f"{path} is a zip with a password", command="unzip it, and give the file in it")
    return Container(path, "zip", names[0])


@contextmanager
def regular_file(path: Path) -> Iterator[Path]:
    """The path of a file that can be read as often as wanted: a pipe is copied to the disk first.

    ``-`` is the standard input.
    """
    if path != Path("-") and (not path.exists() or path.is_file() or path.is_dir()):
        yield path
        return
    with NamedTemporaryFile(prefix="shopstream-pipe-") as spool:
        try:
            with sys.stdin.buffer if path == Path("-") else path.open("rb") as pipe:
                shutil.copyfileobj(pipe, spool, 1 << 20)
            spool.flush()
        except OSError as error:
            raise EnvironmentProblem(
                f"the pipe {path} could not be copied to {spool.name}: {error.strerror}",
                command="TMPDIR=FOLDER of a disk with room, and the same command",
            ) from error
        with suppress(FileNotFoundError):
            yield Path(spool.name)
