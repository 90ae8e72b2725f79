"""The preconditions on this machine, and what to do where one does not hold."""

from __future__ import annotations

import os
import platform
import resource
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import psutil

from contracts.errors import EnvironmentProblem
from contracts.laptop.free_space import MB
from local import disk
from local.home import Home
from local.java import jars
from local.java import runtime as java
from local.java.ivy import Ivy
from local.limits import LEAST_MEMORY_MB, memory_mb, require_open_files
from local.plain_paths import require_plain_cache, require_plain_state
from local.ports import claim
from local.postgres import account, installed, others_may_enter
from local.profile import read_profile
from local.supervisor.published import running
from local.users import (
    require_lasting_process,
    require_makeable_cache,
    require_makeable_state,
    require_named_user,
)
from ops.commands.doctor.diagnosis import BAD, GOOD, NOTE, Diagnosis, judged
from ops.settings import CommandSettings

# Driver 2 GB and its own overhead, broker, Postgres, and room for the page cache.
WANTED_MEMORY_MB = 5_000
OLDEST_PYTHON = (3, 11)


def examine(settings: CommandSettings) -> list[Diagnosis]:
    """Every precondition, in the order in which a start would meet them."""
    return [_examined(check, look, settings) for check, look in PRECONDITIONS.items()]


def _examined(
    check: str, look: Callable[[str, CommandSettings], Diagnosis], settings: CommandSettings
) -> Diagnosis:
    try:
        return look(check, settings)
    except EnvironmentProblem as problem:
        return Diagnosis(check, BAD, problem.what, problem.command)
    except OSError as problem:
        return Diagnosis(check, BAD, str(problem), "let this user read and write what is named")


def _python(check: str, _settings: CommandSettings) -> Diagnosis:
    good = sys.version_info >= OLDEST_PYTHON
    advice = "install Python 3.11 or newer, then `make clean test`"
    return judged(check, good, platform.python_version(), advice)


def _java(check: str, _settings: CommandSettings) -> Diagnosis:
    binary = str(java.bundled_binary())
    asked = [binary, java.NO_PERFORMANCE_FILE, "--list-modules"]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    if done.returncode:
        said = done.stderr.strip().splitlines()[-1:] or ["no message"]
        advice = "make clean, then make test: the bundled Java is broken"
        return Diagnosis(check, BAD, said[0], advice)
    has_vector = "jdk.incubator.vector" in done.stdout
    note = "" if has_vector else "; Spark is kept from asking for the vector module"
    return Diagnosis(check, GOOD, f"bundled{note}")


def _user(check: str, _settings: CommandSettings) -> Diagnosis:
    require_lasting_process(os.getpid())
    require_named_user(os.geteuid())
    if account() is None:
        return Diagnosis(check, GOOD, f"uid {os.geteuid()}")
    return Diagnosis(check, GOOD, "root; Postgres, which refuses root, runs as nobody")


def _postgres(check: str, _settings: CommandSettings) -> Diagnosis:
    site = installed()
    copied = os.geteuid() == 0 and not others_may_enter(site)
    where = "in a private folder: copied to /var/tmp at the first start" if copied else str(site)
    return Diagnosis(check, GOOD, f"bundled, {where}")


def _credentials(check: str, settings: CommandSettings) -> Diagnosis:
    names = settings.aws_credentials
    found = ", ".join(names) or "none in the environment"
    advice = f"unset {' '.join(names)}: a laptop run never needs an account"
    return judged(check, not names, found, advice)


def _folders(check: str, settings: CommandSettings) -> Diagnosis:
    require_plain_state(settings.home)
    require_plain_cache(settings.cache)
    require_makeable_state(settings.home)
    if _missing_jars(settings):
        require_makeable_cache(settings.cache)
    return Diagnosis(check, GOOD, f"state in {settings.home}, jars in {settings.cache}")


def _space(check: str, settings: CommandSettings) -> Diagnosis:
    disk.require_space(Home(settings.home))
    if _missing_jars(settings):
        disk.require_space_for_jars(settings.cache)
    folder = disk.nearest_existing(settings.home)
    free = psutil.disk_usage(str(folder)).free // MB
    return Diagnosis(check, GOOD, f"{free} MB free on {disk.disk_of(folder)}")


def _memory(check: str, _settings: CommandSettings) -> Diagnosis:
    available = min(psutil.virtual_memory().available // MB, memory_mb())
    found = f"{available} MB available"
    if available < LEAST_MEMORY_MB:
        advice = f"close other programs: a stack needs {LEAST_MEMORY_MB} MB"
        return Diagnosis(check, BAD, found, advice)
    advice = f"{WANTED_MEMORY_MB} MB would be comfortable"
    return judged(check, available >= WANTED_MEMORY_MB, found, advice, NOTE)


def _open_files(check: str, _settings: CommandSettings) -> Diagnosis:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    require_open_files()
    return Diagnosis(check, GOOD, f"limit {soft} (hard {hard})")


def _loopback(check: str, _settings: CommandSettings) -> Diagnosis:
    try:
        address = socket.gethostbyname("localhost")
    except OSError as problem:
        advice = "not needed: every part uses 127.0.0.1; other programs may want it in /etc/hosts"
        return Diagnosis(check, NOTE, f"localhost: {problem}", advice)
    if claim(0) is None and claim(0) is None:
        return Diagnosis(check, BAD, "127.0.0.1 refuses listeners", "allow local servers")
    return Diagnosis(check, GOOD, f"127.0.0.1 listens; localhost is {address}")


def _ports(check: str, settings: CommandSettings) -> Diagnosis:
    home = Home(settings.home)
    profile = read_profile(home)
    if profile is None:
        return Diagnosis(check, GOOD, "chosen at the first start")
    if running(home) is not None:
        return Diagnosis(check, GOOD, "in use by the running stack")
    taken = [f"{port} ({name})" for name, port in profile.ports.items() if claim(port) is None]
    found = f"taken: {', '.join(taken)}" if taken else "those of the last start are free"
    return judged(check, not taken, found, "`up` will choose others", NOTE)


def _certificates(check: str, settings: CommandSettings) -> Diagnosis:
    file = settings.network.certificates
    if file is None:
        return Diagnosis(check, GOOD, "those of Java")
    if Path(file).is_file():
        return Diagnosis(check, GOOD, f"{file} (handed to Java too)")
    advice = "unset SSL_CERT_FILE, or make it name a file"
    return Diagnosis(check, BAD, f"SSL_CERT_FILE names {file}, which is not there", advice)


def _jars(check: str, settings: CommandSettings) -> Diagnosis:
    missing = _missing_jars(settings)
    folder = jars.folder(settings.cache)
    if not missing:
        return Diagnosis(check, GOOD, f"all in {folder}")
    require_makeable_cache(settings.cache)
    problem = _registry_problem(settings)
    if problem is None:
        return Diagnosis(check, GOOD, f"{len(missing)} to download at the first start")
    advice = "connect to a network that reaches Maven Central, then `shopstream up`"
    return Diagnosis(check, BAD, f"{len(missing)} are not in {folder}; {problem}", advice)


def _missing_jars(settings: CommandSettings) -> list[str]:
    return jars.missing_files(tuple(jars.read_lock().values()), jars.folder(settings.cache))


def _registry_problem(settings: CommandSettings) -> str | None:
    """Why a small jar could not be fetched just now; None where it could."""
    small = next(one for one in jars.read_lock()["broker"].files if one.artifact == "jopt-simple")
    with tempfile.TemporaryDirectory() as work:
        try:
            log = settings.cache / "ivy.log"
            ivy = Ivy(java.bundled_binary(), Path(work), log, settings.network)
            ivy.fetch([small], "[artifact].[ext]")
        except EnvironmentProblem as problem:
            return problem.what
    return None


PRECONDITIONS: Mapping[str, Callable[[str, CommandSettings], Diagnosis]] = {
    "Python": _python,
    "Java": _java,
    "user": _user,
    "Postgres": _postgres,
    "AWS credentials": _credentials,
    "folders": _folders,
    "disk": _space,
    "memory": _memory,
    "open files": _open_files,
    "loopback": _loopback,
    "ports": _ports,
    "certificates": _certificates,
    "jars": _jars,
}
