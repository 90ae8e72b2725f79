"""What a deployment ships fits its machines, comes from locks, and has the same bytes each time."""

from __future__ import annotations

import logging
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from local.artefacts.archive import sha256
from local.artefacts.assets import Tools, build_assets
from local.artefacts.code_zip import build, source_root

pytestmark = pytest.mark.e2e

# e_machine of an ELF file, by processor.
MACHINE = {"arm64": 183, "x86_64": 62}
log = logging.getLogger(__name__)


def made(folder: Path, jar: Path) -> dict[str, str]:
    programs = Path(sys.executable).parent
    tools = Tools(programs / "uv", programs / "node", source_root() / "node_modules")
    build_assets(folder, {"spark": [jar]}, tools, log.info)
    return {file.name: sha256(file) for file in folder.iterdir() if file.is_file()}


@pytest.fixture(scope="module")
def assets() -> Iterator[Path]:
    # It is half a gigabyte, so it is not in a folder that pytest keeps.
    with TemporaryDirectory() as folder:
        jar = Path(folder) / "a.jar"
        jar.write_bytes(b"jar")
        first = made(Path(folder) / "assets", jar)
        assert made(Path(folder) / "again", jar) == first
        yield Path(folder) / "assets"


def machines(archive: Path) -> set[int]:
    with zipfile.ZipFile(archive) as opened:
        heads = (opened.open(name).read(20) for name in opened.namelist() if ".so" in name)
        return {int.from_bytes(head[18:20], "little") for head in heads}


@pytest.mark.parametrize("processor", sorted(MACHINE))
def test_dependencies_are_for_their_processor(assets: Path, processor: str) -> None:
    (archive,) = assets.glob(f"dependencies-{processor}-*.zip")
    assert machines(archive) == {MACHINE[processor]}
    names = zipfile.ZipFile(archive).namelist()
    assert {"fastavro/__init__.py", "psycopg/__init__.py", "rds-roots.pem"} <= set(names)


def test_functions_are_for_arm_and_hold_contracts_handlers_and_certificates(assets: Path) -> None:
    archive = assets / "functions.zip"
    assert machines(archive) == {MACHINE["arm64"]}
    names = set(zipfile.ZipFile(archive).namelist())
    assert {"lambdas/migrations/handler.py", "contracts/topics.py", "rds-roots.pem"} <= names
    assert not {name for name in names if name.startswith(("emr_jobs", "local", "ops", "."))}


def test_the_code_is_that_of_the_laptop(assets: Path, tmp_path: Path) -> None:
    assert sha256(assets / "code.zip") == build(tmp_path).sha256
    entry = zipfile.ZipFile(assets / "code.zip").read("emr_jobs/__main__.py")
    assert (assets / "main.py").read_bytes() == entry
    assert [jar.name for jar in (assets / "jars").iterdir()] == ["a.jar"]
