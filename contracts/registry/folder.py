"""The laptop's store: the schemas of the package and, after them, those that a folder holds.

The files ``FOLDER/<family>/v<N>.avsc`` are read in the order of N. A file that a person put there
is not judged; `Registry.register` judges a schema before it writes a file.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from uuid import uuid4

from contracts.registry import RegistryUnavailable
from contracts.registry.schema_text import SchemaError, parsed

_FILE = re.compile(r"v([0-9]+)\.avsc")
# Name, inode, time and size: they tell a file from the one that replaced it.
_Signature = tuple[tuple[str, int, int, int], ...]


class FolderStore:
    """Looks at the folder on every call and reads it if it changed, so a new version is seen.

    A folder that does not exist holds nothing. A folder that cannot be read, or a file that is not
    a schema, raises RegistryUnavailable with its path: nothing is known about the ids in it.
    """

    def __init__(self, folder: Path, bundled: Mapping[str, tuple[str, ...]]) -> None:
        self._folder = folder
        self._bundled = dict(bundled)
        self._read: dict[str, tuple[_Signature, tuple[str, ...]]] = {}

    def families(self) -> Sequence[str]:
        try:
            with os.scandir(self._folder) as entries:
                found = {entry.name for entry in entries if entry.is_dir()}
        except FileNotFoundError:
            found = set()
        except OSError as error:
            raise _unavailable(self._folder, error) from error
        return tuple(sorted(found | self._bundled.keys()))

    def read(self, family: str) -> Sequence[str]:
        signature = self._signature(family)
        known = self._read.get(family)
        if known is None or known[0] != signature:
            folder = self._folder / family
            added = [_schema_of(folder / name) for name, *_ in signature]
            known = signature, (*self._bundled.get(family, ()), *added)
            self._read[family] = known
        return known[1]

    def append(self, family: str, schema: str) -> None:
        """Add a version in one step; RegistryUnavailable if another process was faster."""
        folder = self._folder / family
        numbers = [_number(name) for name, *_ in self._signature(family)]
        number = max([len(self._bundled.get(family, ())), *numbers]) + 1
        path = folder / f"v{number}.avsc"
        beside = folder / f".{uuid4()}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with beside.open("w", encoding="utf-8") as file:
                file.write(schema)
                file.flush()
                os.fsync(file.fileno())
            # A link fails where a rename would replace the version of another process.
            path.hardlink_to(beside)
        except FileExistsError as error:
            raise RegistryUnavailable(f"{path} was registered at the same moment") from error
        except OSError as error:
            raise _unavailable(path, error) from error
        finally:
            beside.unlink(missing_ok=True)

    def _signature(self, family: str) -> _Signature:
        folder = self._folder / family
        try:
            with os.scandir(folder) as entries:
                files = [(entry, entry.stat()) for entry in entries if _FILE.fullmatch(entry.name)]
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise _unavailable(folder, error) from error
        found = [(entry.name, stat.st_ino, stat.st_mtime_ns, stat.st_size) for entry, stat in files]
        return tuple(sorted(found, key=lambda one: _number(one[0])))


def _number(name: str) -> int:
    return int(name.removeprefix("v").removesuffix(".avsc"))


def _schema_of(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8")
        parsed(text)
    except (OSError, UnicodeDecodeError, SchemaError) as error:
        raise _unavailable(path, error) from error
    return text


def _unavailable(path: Path, error: Exception) -> RegistryUnavailable:
    return RegistryUnavailable(f"{path} cannot be used: {error}")
