"""The state folder of one stack: where each thing lives."""

from __future__ import annotations

import os
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from contracts.errors import EnvironmentProblem
from local.plain_paths import require_plain_state

# Only the owner may read a state folder: it holds a password and people's orders.
FOLDER_MODE = 0o700
FILE_MODE = 0o600

# Everything that a stack keeps in its folder, and the mark that a kept demo leaves there.
_OWN = (
    *("profile.json", "pgpass", "valkey.pass", ".profile.json.*", ".pgpass.*", ".valkey.pass.*"),
    *("run", "logs", "warehouse", "checkpoints", "code", "ledger", "schemas", "scratch", "java"),
    *("postgres", "kafka-*", "valkey-*", "kept"),
)


@dataclass(frozen=True)
class Home:
    """The paths inside one state folder. Only `make` creates anything."""

    root: Path

    @property
    def profile(self) -> Path:
        return self.root / "profile.json"

    @property
    def run(self) -> Path:
        return self.root / "run"

    @property
    def plan(self) -> Path:
        return self.run / "plan.json"

    @property
    def status(self) -> Path:
        return self.run / "status.json"

    @property
    def usage(self) -> Path:
        """What the stack took of the disk in the last day."""
        return self.run / "usage.json"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def postgres(self) -> Path:
        return self.root / "postgres"

    @property
    def pgpass(self) -> Path:
        return self.root / "pgpass"

    @property
    def valkey_pass(self) -> Path:
        return self.root / "valkey.pass"

    @property
    def warehouse(self) -> Path:
        return self.root / "warehouse"

    @property
    def checkpoints(self) -> Path:
        return self.root / "checkpoints"

    @property
    def code(self) -> Path:
        return self.root / "code"

    @property
    def ledger(self) -> Path:
        return self.root / "ledger"

    @property
    def schemas(self) -> Path:
        """Later versions of the schemas, `<family>/v<N>.avsc`. Whoever registers one makes it."""
        return self.root / "schemas"

    @property
    def registry(self) -> str:
        """The registry of this stack, as `contracts.registry.opening.open_registry` takes it."""
        return f"bundled:{self.schemas}"

    @property
    def scratch(self) -> Path:
        return self.root / "scratch"

    def kafka(self, node: int) -> Path:
        return self.root / f"kafka-{node}"

    def valkey(self, node: str) -> Path:
        return self.root / node

    def log(self, service: str) -> Path:
        return self.logs / f"{service}.log"

    def own(self) -> list[Path]:
        """The paths in the folder that belong to the stack."""
        return [
            path
            for path in sorted(self.root.iterdir())
            if any(fnmatch(path.name, pattern) for pattern in _OWN)
        ]

    def require_fit(self) -> None:
        """Raise an EnvironmentProblem when a stack must not be made here.

        That is so where a part would not take the path as it is.
        That is so in a folder without a profile that holds a person's files, or the data of a
        stack whose password is lost. Empty folders and whole stacks inside it do no harm.
        """
        require_plain_state(self.root)
        if self.profile.exists() or not self.root.is_dir():
            return
        if self.postgres.exists():
            raise EnvironmentProblem(
                f"{self.profile} is gone, and with it the password of the data beside it",
                cause="it was deleted or moved",
                command="put it back; or `shopstream down --purge` removes the stack with its data",
            )
        held = [path for path in sorted(self.root.iterdir()) if _holds_something(path)]
        if held:
            raise EnvironmentProblem(
                f"{self.root} is not a state folder, and it is not empty: {held[0].name}",
                cause="SHOPSTREAM_HOME names another folder",
                command="set SHOPSTREAM_HOME to a new folder, then `shopstream up`",
            )

    def make(self) -> None:
        """Create the folders; raise an EnvironmentProblem that names one that cannot be made."""
        folders = (self.run, self.logs, self.warehouse, self.checkpoints)
        for folder in (self.root, *folders, self.code, self.ledger, self.scratch):
            try:
                folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
            except OSError as problem:
                raise EnvironmentProblem(
                    f"the state folder cannot be made: {folder}: {problem.strerror}",
                    cause="its parent folder is not writable, or a file is in the way",
                    command="set SHOPSTREAM_HOME to a folder that you own, then `shopstream up`",
                ) from problem


def _holds_something(path: Path) -> bool:
    if not path.is_dir():
        return True
    return not Home(path).profile.exists() and any(path.iterdir())


def write_private(path: Path, text: str) -> None:
    """Replace a file in one step. Only the owner can read it."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, FILE_MODE)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
