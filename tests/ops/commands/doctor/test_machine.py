"""What doctor finds on a machine, check by check."""

from __future__ import annotations

import json
import os
import resource
import socket
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from contracts.errors import EnvironmentProblem
from contracts.laptop.free_space import MB
from local import limits
from local.home import Home
from local.java import jars
from local.java.jars import read_lock
from local.java.network import Network
from local.ports import claim
from local.profile import new_profile, write_profile
from ops.commands.doctor import machine
from ops.commands.doctor.diagnosis import BAD, GOOD, NOTE, Diagnosis
from ops.commands.doctor.machine import examine
from ops.main import run
from ops.settings import CommandSettings


@pytest.fixture
def settings(tmp_path: Path) -> CommandSettings:
    """A machine on which nothing is to be said: the jars are there, the shell is clean."""
    made = CommandSettings.from_variables({"HOME": str(tmp_path)})
    jars.folder(made.cache).mkdir(parents=True)
    for one in read_lock().values():
        for file in one.files:
            (jars.folder(made.cache) / file.file_name).touch()
    return made


def diagnosis(settings: CommandSettings, check: str) -> Diagnosis:
    return next(one for one in examine(settings) if one.check == check)


def test_a_good_machine_has_nothing_bad(settings: CommandSettings) -> None:
    assert [one for one in examine(settings) if one.verdict == BAD] == []


def test_everything_bad_says_what_to_do(
    settings: CommandSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "LEAST_MEMORY_MB", 10**9)
    monkeypatch.setattr(limits, "LEAST_OPEN_FILES", 10**9)
    monkeypatch.setattr(machine, "OLDEST_PYTHON", (99, 0))
    monkeypatch.setattr(machine.disk, "STATE_MB", 10**12)
    poor = replace(settings, aws_credentials=("AWS_PROFILE",), network=Network(Path("/nowhere")))
    bad = {one.check: one for one in examine(poor) if one.verdict == BAD}
    assert set(bad) == {
        *("Python", "AWS credentials", "disk", "memory", "open files", "certificates"),
    }
    assert all(one.advice for one in bad.values())


@pytest.mark.parametrize(
    ("check", "refusing"),
    [("user", "require_named_user"), ("user", "require_lasting_process"), ("Java", "java")],
)
def test_doctor_tells_what_up_would_and_never_ends_in_a_traceback(
    check: str, refusing: str, settings: CommandSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = {
        "require_named_user": EnvironmentProblem("no name", command="useradd"),
        "require_lasting_process": EnvironmentProblem("the first process", command="sh"),
        "java": PermissionError(13, "Permission denied", "/opt/java"),
    }[refusing]

    def refuse(*_given: object) -> None:
        raise said

    target = f"{refusing}.bundled_binary" if refusing == "java" else refusing
    monkeypatch.setattr(f"ops.commands.doctor.machine.{target}", refuse)
    found = diagnosis(settings, check)
    assert found.verdict == BAD
    assert found.found == str(said)
    assert found.advice


@pytest.mark.parametrize(
    ("home", "cache", "named"),
    [
        pytest.param("/proc/shop", None, "the state folder /proc/shop cannot be made", id="state"),
        pytest.param(None, "/proc/cache", "the jar cache /proc/cache cannot be made", id="cache"),
    ],
)
def test_folders_that_cannot_be_made_are_named(
    home: str | None,
    cache: str | None,
    named: str,
    settings: CommandSettings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Root may write anywhere but there.
    monkeypatch.setattr(
        os,
        "access",
        lambda path, mode: path.exists() and (mode == os.F_OK or not str(path).startswith("/proc")),
    )
    monkeypatch.setattr(machine, "_registry_problem", lambda _settings: None)
    poor = replace(
        settings,
        home=Path(home) if home else settings.home,
        cache=Path(cache) if cache else settings.cache,
    )
    found = diagnosis(poor, "folders")
    assert found.verdict == BAD
    assert found.found.startswith(named)


@pytest.mark.parametrize(
    ("available", "verdict"),
    [
        pytest.param(machine.WANTED_MEMORY_MB, GOOD, id="comfortable"),
        pytest.param(machine.WANTED_MEMORY_MB - 1, NOTE, id="tight"),
        pytest.param(machine.LEAST_MEMORY_MB, NOTE, id="just enough"),
        pytest.param(machine.LEAST_MEMORY_MB - 1, BAD, id="too little"),
    ],
)
def test_memory(
    settings: CommandSettings, available: int, verdict: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Memory:
        def __init__(self) -> None:
            self.available = available * MB
            self.total = 2 * self.available

    monkeypatch.setattr(psutil, "virtual_memory", Memory)
    assert diagnosis(settings, "memory").verdict == verdict


@pytest.mark.parametrize(
    ("soft", "hard", "verdict"),
    [
        pytest.param(256, 256, BAD, id="too few"),
        pytest.param(256, limits.LEAST_OPEN_FILES, GOOD, id="more may be had"),
        pytest.param(256, resource.RLIM_INFINITY, GOOD, id="any number may be had"),
        pytest.param(limits.LEAST_OPEN_FILES, limits.LEAST_OPEN_FILES, GOOD, id="enough"),
        pytest.param(resource.RLIM_INFINITY, resource.RLIM_INFINITY, GOOD, id="no limit"),
    ],
)
def test_open_files(
    settings: CommandSettings,
    soft: int,
    hard: int,
    verdict: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _which: (soft, hard))
    monkeypatch.setattr(resource, "setrlimit", lambda _which, _limits: None)
    assert diagnosis(settings, "open files").verdict == verdict


def test_a_taken_port_is_named(settings: CommandSettings) -> None:
    home = Home(settings.home)
    home.make()
    profile = new_profile(1, claim)
    write_profile(home, profile)
    assert diagnosis(settings, "ports").verdict == GOOD
    with socket.create_server(("127.0.0.1", profile.ports["postgres"])):
        found = diagnosis(settings, "ports")
    assert found.verdict == NOTE
    assert f"{profile.ports['postgres']} (postgres)" in found.found


@pytest.mark.parametrize(
    ("problem", "verdict"),
    [
        pytest.param(None, GOOD, id="the registry answers"),
        pytest.param("Host not found", BAD, id="it does not"),
    ],
)
def test_missing_jars(
    settings: CommandSettings, problem: str | None, verdict: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (jars.folder(settings.cache) / min(read_lock()["spark"].files).file_name).unlink()
    monkeypatch.setattr(machine, "_registry_problem", lambda _settings: problem)
    found = diagnosis(settings, "jars")
    assert found.verdict == verdict
    assert "1 " in found.found


@pytest.mark.parametrize(
    ("credentials", "code"), [pytest.param("", 0, id="good"), pytest.param("AKIA", 4, id="bad")]
)
def test_the_exit_code_and_the_json(
    settings: CommandSettings,
    credentials: str,
    code: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("HOME", str(settings.user_home))
    monkeypatch.setenv("SHOPSTREAM_HOME", str(settings.home))
    monkeypatch.setenv("SHOPSTREAM_CACHE", str(settings.cache))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", credentials)
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    assert run(["doctor", "--json"]) == code
    answer = json.loads(capsys.readouterr().out)
    assert {"check", "verdict", "found", "advice"} == set(answer["findings"][0])
