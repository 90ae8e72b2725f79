"""The jars of the broker and of the jobs: locked by SHA-256, fetched once per user.

`python -m local.java.jars lock` resolves the roots again and rewrites the lock.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from contracts.errors import EnvironmentProblem
from local.artefacts.archive import sha256
from local.java import runtime as java
from local.java.ivy import Coordinate, Ivy, pyspark_jars
from local.java.network import Network

LOCK = Path(__file__).parents[1] / "jars.toml"
RETRIEVE = "[artifact]-[revision](-[classifier]).[ext]"
LOCK_RETRIEVE = "[organisation]#[artifact]#[revision]#(-[classifier]).[ext]"

Say = Callable[[str], None]


@dataclass(frozen=True)
class JarSet:
    """One class path: the roots that a person chose, and every file they need with its SHA-256."""

    name: str
    roots: tuple[Coordinate, ...]
    files: Mapping[Coordinate, str]


def folder(cache: Path) -> Path:
    """The folder of the jars in a user's cache."""
    return cache / "jars"


def read_lock(path: Path = LOCK) -> dict[str, JarSet]:
    """The locked sets by name."""
    return {
        name: JarSet(
            name,
            tuple(Coordinate.parse(root) for root in stored["roots"]),
            {Coordinate.parse(text): digest for text, digest in stored.get("files", {}).items()},
        )
        for name, stored in tomllib.loads(path.read_text()).items()
    }


def render_lock(sets: Sequence[JarSet]) -> str:
    """The text of a lock."""
    lines = [
        "# The jars of the brokers and of the jobs. People choose the roots; the files (every file",
        "# that a set needs, with its SHA-256) are written by `python -m local.java.jars lock`.",
    ]
    for one in sets:
        lines += ["", f"[{one.name}]", "roots = ["]
        lines += [f'  "{root}",' for root in one.roots]
        lines += ["]", "", f"[{one.name}.files]"]
        lines += [f'"{file}" = "{digest}"' for file, digest in sorted(one.files.items())]
    return "\n".join([*lines, ""])


def install(wanted: Sequence[JarSet], target: Path, ivy: Ivy, say: Say) -> dict[str, list[Path]]:
    """Bring every file into `target`, check its sum, and return the class path of each set."""
    target.mkdir(parents=True, exist_ok=True)
    missing = {
        file: digest
        for one in wanted
        for file, digest in one.files.items()
        if _sum(target / file.file_name) != digest
    }
    if missing:
        _download(missing, target, ivy, say)
    return {one.name: [target / file.file_name for file in sorted(one.files)] for one in wanted}


def missing_files(wanted: Sequence[JarSet], target: Path) -> list[str]:
    """The names of the locked files that are not in `target`; sums are not checked."""
    names = (file.file_name for one in wanted for file in one.files)
    return sorted({name for name in names if not (target / name).exists()})


def _sum(path: Path) -> str:
    return sha256(path) if path.exists() else ""


def _download(missing: Mapping[Coordinate, str], target: Path, ivy: Ivy, say: Say) -> None:
    files = sorted(missing)
    done = 0

    def on_line(line: str) -> None:
        nonlocal done
        if "[SUCCESSFUL" in line:
            done += 1
            name = line.rpartition("!")[2].partition(" ")[0]
            say(f"downloaded {done}/{len(files)}: {name}")

    say(f"downloading {len(files)} jars (kept in {target})")
    try:
        # The first one alone: when the registry is out of reach, one file fails and not dozens.
        for part in (files[:1], files[1:]):
            if part:
                ivy.fetch(part, f"fetched/{RETRIEVE}", on_line=on_line)
        for file in files:
            _accept(ivy.work / "fetched" / file.file_name, target, missing[file])
    finally:
        shutil.rmtree(ivy.work / "fetched", ignore_errors=True)
        shutil.rmtree(ivy.work / "cache", ignore_errors=True)


def _accept(fetched: Path, target: Path, expected: str) -> None:
    found = _sum(fetched)
    if found != expected:
        raise EnvironmentProblem(
            f"{fetched.name} is not the file that was locked: "
            f"SHA-256 is {found or 'none (no such file)'}, expected {expected}",
            cause="a proxy or a mirror changed the file, or the download was cut short",
            command="`shopstream up` again; if it fails again, fetch the file from another network",
        )
    # Copied, then renamed: two stacks may fetch at once, and the cache may be on another disk.
    with tempfile.NamedTemporaryFile(dir=target, delete=False) as copied:
        copied.write(fetched.read_bytes())
    Path(copied.name).chmod(0o644)
    Path(copied.name).replace(target / fetched.name)


def resolve(one: JarSet, ivy: Ivy, shipped: frozenset[str]) -> JarSet:
    """The set with every file that its roots need, without those in `shipped` (their names without
    the version)."""
    excluded = ["org.scala-lang", "org.apache.hadoop"] if shipped else []
    target = ivy.work / "fetched"
    ivy.fetch(one.roots, f"fetched/{LOCK_RETRIEVE}", transitive=True, excluded=excluded)
    files: dict[Coordinate, str] = {}
    for path in target.iterdir():
        group, artifact, version, rest = path.name.removesuffix(".jar").split("#")
        file = Coordinate(group, artifact, version, rest.removeprefix("-"))
        if artifact not in shipped:
            files[file] = _sum(path)
    shutil.rmtree(target)
    return JarSet(one.name, one.roots, files)


def main() -> int:
    """Resolve the roots of the lock again and rewrite it."""
    arguments = argparse.ArgumentParser(prog="local.java.jars", description=main.__doc__)
    arguments.add_argument("action", choices=["lock"])
    arguments.add_argument("--certificates", type=Path, help="PEM bundle to trust")
    network = Network(arguments.parse_args().certificates)
    with tempfile.TemporaryDirectory() as work:
        ivy = Ivy(java.bundled_binary(), Path(work), Path(work) / "ivy.log", network)
        shipped = frozenset(path.name.rpartition("-")[0] for path in pyspark_jars().glob("*.jar"))
        sets = [
            resolve(one, ivy, shipped if one.name == "spark" else frozenset())
            for one in read_lock().values()
        ]
    LOCK.write_text(render_lock(sets))
    sys.stderr.write("".join(f"{one.name}: {len(one.files)} files\n" for one in sets))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
