"""What the command takes from its environment. Nothing else reads the environment."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

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
# The documentation of emulators gives these values to their users. They open nothing.
HARMLESS_VALUES = frozenset({"", "test", "testing", "dummy", "fake", "local"})


@dataclass(frozen=True)
class CommandSettings:
    """The environment as values: where state and downloads are, how to print, what to refuse."""

    home: Path
    cache: Path
    user_home: Path
    plain: bool
    certificates: Path | None
    aws_credentials: tuple[str, ...]

    @classmethod
    def from_variables(cls, environment: Mapping[str, str]) -> CommandSettings:
        """Read the settings from variables. Of real credentials only the names are kept."""
        user_home = Path(environment.get("HOME") or Path.home())
        xdg = Path(environment.get("XDG_CACHE_HOME") or user_home / ".cache")
        certificates = environment.get("SSL_CERT_FILE")
        return cls(
            home=Path(environment.get("SHOPSTREAM_HOME") or user_home / ".shopstream").absolute(),
            cache=Path(environment.get("SHOPSTREAM_CACHE") or xdg / "shopstream").absolute(),
            user_home=user_home,
            plain=bool(environment.get("NO_COLOR")) or environment.get("TERM") == "dumb",
            certificates=Path(certificates) if certificates else None,
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


def process_environment(**changes: str) -> dict[str, str]:
    """The environment for a process that this one starts: its own, with `changes`. On its PATH the
    programs that are installed beside this Python come first."""
    variables = _variables()
    path = os.pathsep.join([str(Path(sys.executable).parent), variables.get("PATH", "")])
    return {**variables, "PATH": path, **changes}


def _variables() -> Mapping[str, str]:
    return os.environ  # noqa: TID251 - the one module that reads it
