"""Whether the disks have room for a stack. A message names the disk and its size."""

from __future__ import annotations

import os
from pathlib import Path

import psutil

from contracts.errors import EnvironmentProblem
from contracts.laptop.free_space import MB, kept_free
from local.home import Home

# What a new stack needs: Kafka's segments and indexes, Postgres with its log, and a first lake.
STATE_MB = 1024
JARS_MB = 300


def require_space(home: Home) -> None:
    """Raise an EnvironmentProblem that names the disk when it lacks the room for a stack. A stack
    that has its data needs what must stay free."""
    total = psutil.disk_usage(str(nearest_existing(home.root))).total
    least = 0 if home.postgres.exists() else STATE_MB
    needed = max(least, kept_free(total) // MB)
    _require(home.root, needed, "the state folder", "SHOPSTREAM_HOME")


def require_space_for_jars(cache: Path) -> None:
    """The same for the user's cache of jars, before something is downloaded."""
    _require(cache, JARS_MB, "the jar cache", "SHOPSTREAM_CACHE")


def disk_of(path: Path) -> str:
    """The mount point of the disk that holds `path`."""
    real = path.resolve()
    mounts = [Path(one.mountpoint) for one in psutil.disk_partitions(all=True)]
    holding = [mount for mount in mounts if real.is_relative_to(mount)]
    return str(max(holding, key=lambda mount: len(mount.parts), default=Path(real.anchor)))


def disk_text(path: Path) -> str:
    """The disk that holds `path`, with its size, for a message."""
    folder = nearest_existing(path)
    return f"{disk_of(folder)} ({psutil.disk_usage(str(folder)).total // MB} MB)"


def nearest_existing(path: Path) -> Path:
    """The path itself or its nearest parent that exists, as far as this user may look."""
    return next(one for one in (path, *path.parents) if os.access(one, os.F_OK))


def _require(folder: Path, megabytes: int, what: str, variable: str) -> None:
    usage = psutil.disk_usage(str(nearest_existing(folder)))
    if usage.free >= megabytes * MB:
        return
    raise EnvironmentProblem(
        f"the disk {disk_text(folder)} has {usage.free // MB} MB free; "
        f"{what} {folder} needs {megabytes} MB",
        cause="the disk is full, or it is small",
        command=f"free some space, or set {variable} to a folder on a larger disk",
    )
