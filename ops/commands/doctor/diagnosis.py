"""The checks of `doctor`: each looks at one thing on this machine and says what to do about it."""

from __future__ import annotations

import os
import platform
import resource
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

from contracts.errors import EnvironmentProblem
from local import disk
from local.home import Home
from local.java import jars
from local.java import runtime as java
from local.java.ivy import Ivy
from local.ports import claim
from local.postgres import account, installed, others_may_enter
from local.profile import read_profile
from local.supervisor.published import running
from ops.settings import Settings

GOOD, NOTE, BAD = "ok", "note", "bad"

MB = 1024 * 1024
# Driver 2 GB and its own overhead, broker, Postgres, and room for the page cache.
WANTED_MEMORY_MB = 5_000
LEAST_MEMORY_MB = 3_500
# A broker holds several files a partition, Spark one a shuffle block.
LEAST_OPEN_FILES = 1_024
OLDEST_PYTHON = (3, 11)


@dataclass(frozen=True)
class Finding:
    """One check's answer; `advice` is empty when there is nothing to do."""

    check: str
    verdict: str
    found: str
    advice: str = ""


def examine(settings: Settings) -> list[Finding]:
    """Every check, in the order in which a start would meet them."""
    return [check(settings) for check in CHECKS]


def _python(_settings: Settings) -> Finding:
    found = platform.python_version()
    if sys.version_info < OLDEST_PYTHON:
        return Finding("Python", BAD, found, "install Python 3.11 or newer, then `make clean test`")
    return Finding("Python", GOOD, found)


def _java(_settings: Settings) -> Finding:
    binary = str(java.bundled_binary())
    done = subprocess.run([binary, "--list-modules"], capture_output=True, text=True, check=False)
    if done.returncode:
        said = done.stderr.strip().splitlines()[-1:] or ["no message"]
        return Finding(
            "Java", BAD, said[0], "make clean, then make test: the bundled Java is broken"
        )
    has_vector = "jdk.incubator.vector" in done.stdout
    note = "" if has_vector else "; Spark is kept from asking for the vector module"
    return Finding("Java", GOOD, f"bundled{note}")


def _root(_settings: Settings) -> Finding:
    try:
        runs_as = account()
    except EnvironmentProblem as problem:
        return Finding("user", BAD, problem.what, problem.command)
    if runs_as is None:
        return Finding("user", GOOD, f"uid {os.geteuid()}")
    return Finding("user", GOOD, "root; Postgres, which refuses root, runs as nobody")


def _programs(_settings: Settings) -> Finding:
    try:
        site = installed()
    except EnvironmentProblem as problem:
        return Finding("Postgres", BAD, problem.what, problem.command)
    copied = os.geteuid() == 0 and not others_may_enter(site)
    where = "in a private folder: copied to /var/tmp at the first start" if copied else str(site)
    return Finding("Postgres", GOOD, f"bundled, {where}")


def _credentials(settings: Settings) -> Finding:
    if settings.aws_credentials:
        found = ", ".join(settings.aws_credentials)
        advice = f"unset {' '.join(settings.aws_credentials)}: a laptop run never needs an account"
        return Finding("AWS credentials", BAD, found, advice)
    return Finding("AWS credentials", GOOD, "none in the environment")


def _space(settings: Settings) -> Finding:
    try:
        disk.require_space(settings.home)
        if _missing_jars(settings):
            disk.require_space_for_jars(settings.cache)
    except EnvironmentProblem as problem:
        return Finding("disk", BAD, problem.what, problem.command)
    place = disk.existing(settings.home)
    free = psutil.disk_usage(str(place)).free // MB
    return Finding("disk", GOOD, f"{free} MB free on {disk.disk_of(place)}")


def _memory(_settings: Settings) -> Finding:
    available = psutil.virtual_memory().available // MB
    found = f"{available} MB available"
    if available < LEAST_MEMORY_MB:
        advice = f"close other programs: a stack needs {LEAST_MEMORY_MB} MB"
        return Finding("memory", BAD, found, advice)
    if available < WANTED_MEMORY_MB:
        return Finding("memory", NOTE, found, f"{WANTED_MEMORY_MB} MB would be comfortable")
    return Finding("memory", GOOD, found)


def _open_files(_settings: Settings) -> Finding:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < LEAST_OPEN_FILES:
        advice = f"ulimit -n {LEAST_OPEN_FILES}"
        return Finding("open files", BAD, f"limit {soft} (hard {hard})", advice)
    return Finding("open files", GOOD, f"limit {soft}")


def _loopback(_settings: Settings) -> Finding:
    try:
        address = socket.gethostbyname("localhost")
    except OSError as problem:
        advice = "not needed: every part uses 127.0.0.1; other programs may want it in /etc/hosts"
        return Finding("loopback", NOTE, f"localhost: {problem}", advice)
    if claim(0) is None and claim(0) is None:
        return Finding("loopback", BAD, "127.0.0.1 refuses listeners", "allow local servers")
    return Finding("loopback", GOOD, f"127.0.0.1 listens; localhost is {address}")


def _ports(settings: Settings) -> Finding:
    home = Home(settings.home)
    profile = read_profile(home)
    if profile is None:
        return Finding("ports", GOOD, "chosen at the first start")
    if running(home) is not None:
        return Finding("ports", GOOD, "in use by the running stack")
    taken = [f"{port} ({name})" for name, port in profile.ports.items() if claim(port) is None]
    if taken:
        return Finding("ports", NOTE, f"taken: {', '.join(taken)}", "`up` will choose others")
    return Finding("ports", GOOD, "those of the last start are free")


def _jars(settings: Settings) -> Finding:
    missing = _missing_jars(settings)
    folder = jars.folder(settings.cache)
    if not missing:
        return Finding("jars", GOOD, f"all in {folder}")
    problem = _registry_problem(settings)
    if problem is None:
        return Finding("jars", GOOD, f"{len(missing)} to download at the first start")
    advice = "connect to a network that reaches Maven Central, then `shopstream up`"
    found = f"{len(missing)} are not in {folder}; {problem}"
    return Finding("jars", BAD, found, advice)


def _missing_jars(settings: Settings) -> list[str]:
    return jars.missing_files(tuple(jars.read_lock().values()), jars.folder(settings.cache))


def _registry_problem(settings: Settings) -> str | None:
    """Why a small jar could not be fetched just now; None where it could."""
    small = next(one for one in jars.read_lock()["broker"].files if one.artifact == "jopt-simple")
    with tempfile.TemporaryDirectory() as work:
        try:
            log = settings.cache / "ivy.log"
            ivy = Ivy(java.bundled_binary(), Path(work), log, settings.certificates)
            ivy.fetch([small], "[artifact].[ext]")
        except EnvironmentProblem as problem:
            return problem.what
    return None


def _certificates(settings: Settings) -> Finding:
    if settings.certificates is None:
        return Finding("certificates", GOOD, "those of Java")
    if not Path(settings.certificates).is_file():
        found = f"SSL_CERT_FILE names {settings.certificates}, which is not there"
        return Finding("certificates", BAD, found, "unset SSL_CERT_FILE, or make it name a file")
    return Finding("certificates", GOOD, f"{settings.certificates} (handed to Java too)")


CHECKS: tuple[Callable[[Settings], Finding], ...] = (
    _python,
    _java,
    _root,
    _programs,
    _credentials,
    _space,
    _memory,
    _open_files,
    _loopback,
    _ports,
    _certificates,
    _jars,
)
