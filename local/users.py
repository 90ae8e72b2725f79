"""Who may start a stack, and where that user may write."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

from contracts.errors import EnvironmentProblem
from local.disk import nearest_existing

FIRST_PROCESS = 1


def require_lasting_process(pid: int) -> None:
    """Raise an EnvironmentProblem when all that process `pid` starts would end with it."""
    if pid == FIRST_PROCESS:
        raise EnvironmentProblem(
            "this command is the first process of its container, which ends when it returns",
            cause="the container was told to run this command alone",
            command="let the container run something that stays: "
            "sh -c 'shopstream up && sleep infinity'",
        )


def require_named_user(uid: int) -> None:
    """Raise an EnvironmentProblem when the system has no name for a user: Postgres and Spark ask
    for it, and end where there is none."""
    try:
        pwd.getpwuid(uid)
    except KeyError as unknown:
        raise EnvironmentProblem(
            f"the user {uid} has no name on this system, and Postgres and Spark need one",
            cause="a container was started with a number for which it has no user",
            command="run as a user that `id -un` can name, "
            f"or add one: useradd --no-create-home --uid {uid} shop",
        ) from unknown


def require_makeable_state(folder: Path) -> None:
    """Raise an EnvironmentProblem that names what keeps the state folder from being written."""
    _require_makeable(folder, "the state folder", "SHOPSTREAM_HOME")


def require_makeable_cache(folder: Path) -> None:
    """The same for the user's cache of jars."""
    _require_makeable(folder, "the jar cache", "SHOPSTREAM_CACHE")


def _require_makeable(folder: Path, what: str, variable: str) -> None:
    existing = nearest_existing(folder)
    if existing.is_dir() and os.access(existing, os.W_OK | os.X_OK):
        return
    why = "is not writable" if existing.is_dir() else "is not a folder"
    raise EnvironmentProblem(
        f"{what} {folder} cannot be made: {existing} {why}",
        cause="the user has no home folder, or the folder belongs to somebody else",
        command=f"set {variable} to a folder that you own",
    )
