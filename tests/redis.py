"""Debian's Redis 7 for tests: its packages are fetched once and unpacked; nothing is installed.

It needs a Debian that reaches its package sources. It needs no rights and no recent package lists.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pytest

# The server is in redis-tools. The libraries are those that Debian's base does not have.
_PACKAGES = ("redis-server", "redis-tools", "liblzf1", "libjemalloc2")


def fetched(cache: Path) -> Path:
    """The folder of the unpacked packages; the test fails where they cannot be fetched."""
    folder = cache / "redis-of-debian"
    if not folder.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as draft:
            _fetch(Path(draft))
            try:
                (Path(draft) / "root").rename(folder)
            except OSError:
                # Another worker was quicker, and has fetched the same.
                if not folder.exists():
                    raise
    return folder


def program(folder: Path) -> Path:
    """The server in the folder of the unpacked packages."""
    return folder / "usr" / "bin" / "redis-server"


def libraries(folder: Path) -> Mapping[str, str]:
    """The environment in which the server finds its libraries."""
    found = sorted((folder / "usr" / "lib").glob("*-linux-gnu*"))
    return {"LD_LIBRARY_PATH": ":".join(map(str, found))}


def _fetch(draft: Path) -> None:
    # It has its own lists: the machine's may be old or missing, and only root may renew them.
    for name in ("lists/partial", "archives/partial"):
        (draft / name).mkdir(parents=True)
    apt = [
        "apt-get",
        *("-o", "Acquire::Retries=5"),
        *("-o", f"Dir::State::lists={draft / 'lists'}"),
        *("-o", f"Dir::Cache={draft}"),
        # Run by root, apt fetches as another user, who may not enter this folder.
        *("-o", "APT::Sandbox::User=root"),
    ]
    _run([*apt, "update"], draft)
    _run([*apt, "download", *_PACKAGES], draft)
    for package in sorted(draft.glob("*.deb")):
        _run(["dpkg", "-x", str(package), str(draft / "root")], draft)


def _run(line: list[str], folder: Path) -> None:
    try:
        done = subprocess.run(line, cwd=folder, check=False, capture_output=True, text=True)
    except FileNotFoundError:
        pytest.fail(f"Debian's Redis cannot be had here: there is no {line[0]}")
    if done.returncode:
        pytest.fail(f"Debian's Redis cannot be had: {line[0]} said {done.stderr.strip()}")
