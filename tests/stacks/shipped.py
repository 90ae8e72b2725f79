"""Assets that stand in for those of `make assets`: the real code, and small files for the rest."""

from __future__ import annotations

import atexit
import shutil
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from cdk.assets.build_folder import Assets
from local.artefacts.archive import write_zip
from local.artefacts.assets import JAR_SETS
from local.artefacts.code_zip import build, source_root
from local.java import jars

JARS = sorted(file.file_name for name in JAR_SETS for file in jars.read_lock()[name].files)


def write_assets(folder: Path) -> Path:
    """The folder as `make assets` leaves it."""
    (folder / "jars").mkdir(parents=True)
    entry = source_root() / "emr_jobs" / "__main__.py"
    build(folder)
    shutil.copyfile(entry, folder / "main.py")
    for jar in JARS:
        (folder / "jars" / jar).write_bytes(jar.encode())
    for name in ("dependencies-arm64-0a", "dependencies-x86_64-0a", "functions"):
        marker = folder / "marker"
        marker.write_text(name)
        write_zip(folder / f"{name}.zip", [("marker", marker)])
        marker.unlink()
    return folder


@cache
def assets() -> Assets:
    """The same for every test of a session, which removes them at its end."""
    folder = TemporaryDirectory(prefix="shopstream-assets-")
    atexit.register(folder.cleanup)
    return Assets.at(write_assets(Path(folder.name)))
