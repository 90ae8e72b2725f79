"""Start a stack, follow it until it is ready, stop it, remove it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from contracts.errors import EnvironmentProblem, NotReady, ShopstreamError, Usage
from local import laptop, ports
from local.artefacts import code_zip
from local.disk import disk_text, require_space, require_space_for_jars
from local.home import FILE_MODE, Home, write_private
from local.java import jars
from local.java import runtime as java
from local.java.ivy import Ivy
from local.java.network import OPEN, Network
from local.limits import memory_mb, require_memory, require_open_files
from local.plain_paths import require_plain_cache
from local.profile import (
    Profile,
    fresh_ports,
    new_profile,
    read_profile,
    with_all_ports,
    write_profile,
)
from local.supervisor import processes
from local.supervisor.logs import tail
from local.supervisor.plan import Plan
from local.supervisor.policy import State
from local.supervisor.published import PartStatus, Snapshot, last_published, running
from local.users import (
    require_lasting_process,
    require_makeable_cache,
    require_makeable_state,
    require_named_user,
)

POLL_SECONDS = 0.1
# Longer than the deadlines of any part: after it the supervisor itself is at fault.
UP_SECONDS = 600.0
DOWN_SECONDS = 150.0


@dataclass(frozen=True)
class UpRequest:
    """What a person asked `up` for. Where `brokers` or `replicas` is None, the stack keeps what it
    was made with; a new stack gets one broker and no replicas."""

    cache: Path
    network: Network = OPEN
    brokers: int | None = None
    replicas: int | None = None
    java: Path | None = None
    options: laptop.StartOptions = field(default_factory=laptop.StartOptions)


def prepare(home: Home, request: UpRequest, say: jars.Say) -> tuple[Profile, Plan]:
    """Do what comes before the first process: folders, profile, Java, jars, code.zip, plan."""
    require_lasting_process(os.getpid())
    require_named_user(os.geteuid())
    require_makeable_state(home.root)
    home.require_fit()
    require_space(home)
    require_memory(memory_mb())
    require_open_files()
    home.make()
    # Before the profile: a start that is refused decides nothing about the stack.
    used = java.named(request.java) if request.java else java.bundled(home.root / "java")
    profile = _profile(home, request, say)
    names = ("broker", "spark") if request.options.spark else ("broker",)
    paths = fetch_jars(request.cache, request.network, say, names)
    installed = laptop.Installed(
        used,
        jars.folder(request.cache),
        tuple(paths.get("spark", ())),
        code_zip.build(home.code),
    )
    laptop.write_configuration(home)
    return profile, laptop.plan(home, profile, installed, request.options)


def fetch_jars(
    cache: Path,
    network: Network,
    say: jars.Say,
    names: Sequence[str] = ("broker", "spark"),
) -> dict[str, list[Path]]:
    """Fetch what the user's cache lacks of the locked sets; return the class path of each set."""
    require_plain_cache(cache)
    locked = jars.read_lock()
    wanted = [locked[name] for name in names]
    if jars.missing_files(wanted, jars.folder(cache)):
        require_makeable_cache(cache)
        require_space_for_jars(cache)
    work = cache / f"ivy-{os.getpid()}"
    ivy = Ivy(java.bundled_binary(), work, cache / "ivy.log", network)
    try:
        return jars.install(wanted, jars.folder(cache), ivy, say)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def start(home: Home, plan: Plan) -> Callable[[], Snapshot | None]:
    """Start the plan, or have a running supervisor adopt it; return a function that reads the
    progress."""
    before = running(home)
    write_private(home.plan, plan.to_json() + "\n")
    if before is not None:
        generation = before.generation
        processes.signal_one(before.supervisor_pid, signal.SIGHUP)
        return lambda: now if (now := running(home)) and now.generation > generation else None
    log = home.log("supervisor")
    descriptor = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, FILE_MODE)
    part = plan.parts[0]
    try:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "local.supervisor", "--home", str(home.root)],
            env={
                **part.environment,
                "PYTHONPATH": str(code_zip.source_root()),
                # The supervisor is found by its lock. The mark is for the processes that it starts.
                processes.MARK: "",
            },
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=descriptor,
            stderr=descriptor,
            start_new_session=True,
        )
    finally:
        os.close(descriptor)

    # The supervisor outlives this command. While both live, its end is noticed at once.
    threading.Thread(target=process.wait, daemon=True).start()

    def look() -> Snapshot | None:
        if process.poll() is not None:
            raise ShopstreamError(
                f"the supervisor ended with exit code {process.returncode}",
                cause=_last_line(tail(log)),
                command="shopstream doctor",
                log=log,
            )
        snapshot = running(home)
        return snapshot if snapshot and snapshot.supervisor_pid == process.pid else None

    return look


def follow(home: Home, look: Callable[[], Snapshot | None]) -> Iterator[PartStatus]:
    """Yield each part when it becomes ready; end when all are; raise when one was given up."""
    deadline = time.monotonic() + UP_SECONDS
    told: set[str] = set()
    snapshot: Snapshot | None = None
    while time.monotonic() < deadline:
        snapshot = look()
        if snapshot is not None:
            for part in snapshot.parts:
                if part.state in (State.READY, State.DONE) and part.name not in told:
                    told.add(part.name)
                    yield part
                elif part.state in (State.STOPPED, State.FAILED, State.ENDED):
                    raise _part_failure(part)
            if len(told) == len(snapshot.parts):
                return
        time.sleep(POLL_SECONDS)
    parts = snapshot.parts if snapshot else ()
    waiting = [_state_of(each) for each in parts if each.name not in told]
    raise NotReady(
        f"not ready after {UP_SECONDS:g} s: {', '.join(waiting) or 'the supervisor'}",
        cause="the machine is slow, or a part keeps failing",
        command="shopstream status",
        log=home.log("supervisor"),
    )


def _state_of(part: PartStatus) -> str:
    return f"{part.title} ({part.reason or part.state})"


def stop(home: Home, say: jars.Say) -> bool:
    """Stop the stack gracefully and leave no process of it; return whether one was running."""
    snapshot = running(home)
    if snapshot is not None:
        processes.signal_one(snapshot.supervisor_pid, signal.SIGTERM)
        told: set[str] = set()
        deadline = time.monotonic() + DOWN_SECONDS
        # The lock becomes free a moment before the process has ended.
        while running(home) is not None or processes.is_running(snapshot.supervisor_pid, home.root):
            for part in (last_published(home) or snapshot).parts:
                if part.state == State.DOWN and part.kind == "service" and part.name not in told:
                    told.add(part.name)
                    say(f"{part.title} stopped")
            if time.monotonic() > deadline:
                say("the supervisor does not end; killing it")
                processes.signal_one(snapshot.supervisor_pid, signal.SIGKILL)
                break
            time.sleep(POLL_SECONDS)
    _end_orphans(home, say)
    return snapshot is not None


def purge(home: Home) -> bool:
    """Remove a stack that is down, and its folder unless something else is in it.

    Returns whether there was a folder. Refuses a folder in which no stack was ever made.
    """
    if not home.root.exists():
        return False
    if not home.profile.exists() and not home.run.exists():
        raise EnvironmentProblem(
            f"{home.root} does not look like a state folder; nothing was removed",
            cause="SHOPSTREAM_HOME names another folder",
            command=f"ls {home.root}",
        )
    for path in home.own():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    if not any(home.root.iterdir()):
        home.root.rmdir()
    return True


def _end_orphans(home: Home, say: jars.Say) -> None:
    profile = read_profile(home)
    if profile is None:
        return
    leaders = processes.recorded(home.run / "processes.json")
    for name in processes.end_orphans(profile.stack_id, leaders):
        say(f"ended an orphan: {name}")


def _profile(home: Home, request: UpRequest, say: jars.Say) -> Profile:
    profile = read_profile(home)
    if profile is None:
        profile = new_profile(request.brokers or 1, ports.claim, replicas=request.replicas or 0)
    _require_as_made(request.brokers, profile.brokers, "broker(s)", "topics")
    _require_as_made(request.replicas, profile.replicas, "replica(s)", "shards")
    if running(home) is None:
        # What a killed supervisor left behind would hold the ports of this stack.
        _end_orphans(home, say)
        profile, messages = fresh_ports(profile, ports.claim)
        for message in messages:
            say(message)
    else:
        profile = with_all_ports(profile, ports.claim)
    write_profile(home, profile)
    return profile


def _require_as_made(wished: int | None, made: int, unit: str, laid_out: str) -> None:
    if wished is not None and wished != made:
        raise Usage(
            f"this stack has {made} {unit}, not {wished}",
            cause=f"its {laid_out} were made for {made} {unit}",
            command="`shopstream down --purge` removes it with its data; or set SHOPSTREAM_HOME",
        )


def _part_failure(part: PartStatus) -> ShopstreamError:
    log = Path(part.log)
    said = tail(log)
    if "No space left on device" in said:
        return EnvironmentProblem(
            f"{part.title} has no space left on the disk {disk_text(log)}",
            cause="the disk of the state folder is full",
            command="free some space, then `shopstream up` again",
            log=log,
        )
    return ShopstreamError(
        f"{part.title} is {part.state}: {part.reason or 'no reason given'}",
        cause=_last_line(said),
        command=f"shopstream logs {part.name}",
        log=log,
    )


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else ""
