"""What the command takes from its environment. Nothing else reads the environment."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from pathlib import Path

from local.java.network import Network

# With a value here a stack on a laptop could reach a real account.
AWS_CREDENTIALS = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_PROFILE",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
)
# What begins so sets a library or a program of ours, and the user means it for others: libpq's
# PGPASSWORD wins over the stack's passfile, and JAVA_TOOL_OPTIONS reaches every Java.
_FOREIGN = (
    *("PG", "PYTHON", "JAVA_", "_JAVA_", "JDK_JAVA_", "CLASSPATH", "SPARK_", "PYSPARK_"),
    *("KAFKA_", "HADOOP_", "HDFS_", "YARN_", "HIVE_", "LC_", "LANG", "TZ"),
)
_ROOT = Path(__file__).parent.parent
# The documentation of emulators gives these values to their users. They open nothing.
HARMLESS_VALUES = frozenset({"", "test", "testing", "dummy", "fake", "local"})


@dataclass(frozen=True)
class CommandSettings:
    """The environment as values: where state and downloads are, how to print, what to refuse."""

    home: Path
    cache: Path
    user_home: Path
    plain: bool
    network: Network
    aws_credentials: tuple[str, ...]

    @classmethod
    def from_variables(cls, environment: Mapping[str, str]) -> CommandSettings:
        """Read the settings from variables. Of real credentials only the names are kept."""
        user_home = _user_home(environment)

        def folder(name: str, default: Path) -> Path:
            given = environment.get(name) or str(default)
            # A shell leaves a quoted ~ to the program.
            in_home = given == "~" or given.startswith("~/")
            return (user_home / given[2:] if in_home else Path(given)).absolute()

        xdg = folder("XDG_CACHE_HOME", user_home / ".cache")
        certificates = environment.get("SSL_CERT_FILE")

        def either(name: str) -> str:
            return environment.get(name) or environment.get(name.lower()) or ""

        return cls(
            home=folder("SHOPSTREAM_HOME", user_home / ".shopstream"),
            cache=folder("SHOPSTREAM_CACHE", xdg / "shopstream"),
            user_home=user_home,
            plain=bool(environment.get("NO_COLOR")) or environment.get("TERM") == "dumb",
            network=Network(
                certificates=Path(certificates) if certificates else None,
                proxy=either("HTTPS_PROXY") or None,
                direct=either("NO_PROXY"),
                mirror=environment.get("SHOPSTREAM_MAVEN_MIRROR") or None,
            ),
            aws_credentials=tuple(
                name
                for name in AWS_CREDENTIALS
                if environment.get(name, "").strip().lower() not in HARMLESS_VALUES
            ),
        )

    @classmethod
    def from_environment(cls) -> CommandSettings:
        """Read the settings of this process."""
        return cls.from_variables(_variables())


def settle() -> None:
    """Make the variables of this process those of `own_variables`, for its libraries and for the
    programs that it starts."""
    variables = _variables()
    own = own_variables(variables)
    variables.clear()
    variables.update(own)
    time.tzset()


def own_variables(given: Mapping[str, str]) -> dict[str, str]:
    """The user's variables without those that would change what a command does. Times are in UTC,
    texts in UTF-8, and modules come from this tree."""
    kept = {name: value for name, value in given.items() if not name.startswith(_FOREIGN)}
    return {**kept, "PYTHONPATH": str(_ROOT), "LANG": "C.UTF-8", "TZ": "UTC"}


def process_environment(**changes: str) -> dict[str, str]:
    """The environment for a process that this one starts: its own, with `changes`. On its PATH the
    programs that are installed beside this Python come first."""
    variables = _variables()
    path = os.pathsep.join([str(Path(sys.executable).parent), variables.get("PATH", "")])
    return {**variables, "PATH": path, **changes}


def _user_home(environment: Mapping[str, str]) -> Path:
    """The user's folder; for a user without one a folder that cannot be made."""
    if home := environment.get("HOME"):
        return Path(home)
    try:
        return Path.home()
    except RuntimeError:
        return Path("/nonexistent")


def _variables() -> MutableMapping[str, str]:
    return os.environ  # noqa: TID251 - the one module that reads it
