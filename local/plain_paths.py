"""Which folders every part of a stack takes as they are."""

from __future__ import annotations

import re
from pathlib import Path

from contracts.errors import EnvironmentProblem

# Kafka splits a list of folders at commas, Java a class path at colons. A URL escapes all others by
# percent signs, and Hadoop takes these as they are: it would write beside the folder.
_OTHER = re.compile(r"[^A-Za-z0-9_./~-]")


def require_plain_state(folder: Path) -> None:
    """Raise an EnvironmentProblem that names the characters of the state folder's path that a part
    would not take as they are."""
    require_plain(folder, "the state folder", "SHOPSTREAM_HOME")


def require_plain_cache(folder: Path) -> None:
    """The same for the user's cache of jars."""
    require_plain(folder, "the jar cache", "SHOPSTREAM_CACHE")


def require_plain(folder: Path, what: str, variable: str) -> None:
    """The same for a folder that is called `what` and set by `variable`."""
    others = sorted(set(_OTHER.findall(str(folder))))
    if others:
        named = ", ".join("a space" if each == " " else _shown(each) for each in others)
        raise EnvironmentProblem(
            f"the path of {what} {folder} holds {named}",
            cause="Kafka, Java and Spark take only ASCII letters, digits and . _ - ~ in a path",
            command=f"set {variable} to another folder, such as ~/shopstream",
        )


def _shown(character: str) -> str:
    """The character, or its escape where a terminal may not show it."""
    return character if character.isprintable() else ascii(character)[1:-1]
