"""Start, signal and recognise processes, with their groups, identities and orphans."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from local.home import FILE_MODE

# This variable is set for every process of a stack. It proves that the process is ours to end.
MARK = "SHOPSTREAM_STACK"
# The system derives a process's start time from the boot time, which it rounds.
START_TOLERANCE_SECONDS = 2.0
ORPHAN_POLLS, ORPHAN_POLL_SECONDS = 100, 0.05

_ON_LINUX = sys.platform == "linux"
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
# It is loaded before any fork, because nothing may be loaded between fork and exec.
_LIBC = ctypes.CDLL(None, use_errno=True) if _ON_LINUX else None


Child = subprocess.Popen[bytes]


@dataclass(frozen=True)
class Identity:
    """The number and start time of a process: no later process has both."""

    pid: int
    started: float


def identity(pid: int) -> Identity | None:
    """The process that has this number now; None when there is none."""
    try:
        return Identity(pid, psutil.Process(pid).create_time())
    except psutil.NoSuchProcess:
        return None


def is_running(pid: int, home: Path) -> bool:
    """Whether `pid` is still a process whose command line names this state folder."""
    try:
        process = psutil.Process(pid)
        return _is_alive(process) and str(home) in process.cmdline()
    except psutil.Error:
        return False


def die_with_parent() -> None:
    """Ask the system to end this process when its parent dies. It does nothing outside Linux."""
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def adopt_grandchildren() -> None:
    """Become the parent of orphaned descendants, so that they can be reaped here."""
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def start(argv: Sequence[str], environment: Mapping[str, str], log: Path) -> Child:
    """Start a program as the leader of a new process group; its output is appended to `log`."""
    descriptor = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, FILE_MODE)
    try:
        return subprocess.Popen(
            [*_bound_to_parent(), *argv],
            env=dict(environment),
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=descriptor,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    finally:
        os.close(descriptor)


def _bound_to_parent() -> list[str]:
    """The words before a command that make it die with this process, even when this process dies
    before the command could ask for that.

    A function between fork and exec would not do: this process has threads, and the child would
    inherit their locks.
    """
    if not _ON_LINUX:
        return []
    program = (
        f"import ctypes, os, sys; ctypes.CDLL(None).prctl({_PR_SET_PDEATHSIG}, {signal.SIGKILL:d});"
        " os.getppid() == int(sys.argv[1]) and os.execv(sys.argv[2], sys.argv[2:])"
    )
    return [sys.executable, "-I", "-S", "-c", program, str(os.getpid())]


def signal_one(pid: int, number: int) -> None:
    """Signal a process; it may have ended already."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def kill_group(group: int) -> None:
    """Kill every process of a group."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def group_is_empty(group: int) -> bool:
    """Whether no process of the group is left. Reaps those that this process has adopted."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-group, os.WNOHANG)[0]:
            pass
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    except PermissionError:  # macOS says this of a group of zombies
        return True
    return False


def record(path: Path, leaders: Iterable[Identity]) -> None:
    """Store which processes were started, in case this supervisor is killed."""
    draft = path.with_name(f".{path.name}.new")
    draft.write_text(json.dumps([asdict(leader) for leader in leaders]))
    draft.replace(path)


def recorded(path: Path) -> list[Identity]:
    """The processes that the supervisor before this one has started."""
    try:
        return [Identity(**leader) for leader in json.loads(path.read_text())]
    except (FileNotFoundError, ValueError):
        return []


def end_orphans(stack_id: str, leaders: Iterable[Identity]) -> list[str]:
    """Kill what an earlier supervisor of this stack left; return the names of what was killed.

    A process is ours when it carries the stack's mark. It is also ours when it has the number and
    the start time of a recorded leader and still leads its own session. All others are strangers.
    """
    known = {leader.pid: leader.started for leader in leaders}
    orphans = [process for process in psutil.process_iter() if _is_ours(process, stack_id, known)]
    names = []
    for orphan in orphans:
        with contextlib.suppress(psutil.NoSuchProcess):
            names.append(f"{orphan.pid} ({orphan.name()})")
            orphan.kill()
    for _ in range(ORPHAN_POLLS):
        if not any(_is_alive(orphan) for orphan in orphans):
            break
        time.sleep(ORPHAN_POLL_SECONDS)
    return names


def _is_alive(process: psutil.Process) -> bool:
    """Whether it runs. A zombie does not: it holds nothing and only waits for its parent."""
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _is_ours(process: psutil.Process, stack_id: str, known: Mapping[int, float]) -> bool:
    if process.pid == os.getpid():
        return False
    try:
        if not _is_alive(process):
            return False
        if process.environ().get(MARK) == stack_id:
            return True
    except psutil.Error:
        pass
    started = known.get(process.pid)
    if started is None:
        return False
    try:
        same = abs(process.create_time() - started) <= START_TOLERANCE_SECONDS
        return same and os.getsid(process.pid) == process.pid
    except (psutil.Error, ProcessLookupError):
        return False
