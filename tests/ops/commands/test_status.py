"""What `status` tells about a stack, and its exit code."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from contracts.laptop.free_space import MB
from local.home import Home
from local.ports import claim
from local.profile import new_profile
from local.supervisor.published import PartStatus, Snapshot
from local.usage import DiskUsage
from ops.commands.status.applications import ApplicationState
from ops.commands.status.command import age, document, exit_code, rows
from ops.commands.status.disk_lines import outlook
from ops.stack import Stack


def part(name: str, state: str, kind: str = "service", reason: str = "") -> PartStatus:
    return PartStatus(
        name=name,
        title=name.title(),
        kind=kind,
        state=state,
        since=100.0,
        pid=7,
        process_started=99.0,
        restarts=2,
        reason=reason,
        address="",
        log="/log",
        ready_after=1.0,
    )


def stack(*parts: PartStatus, root: Path = Path("/s")) -> Stack:
    return Stack(Home(root), new_profile(1, claim), Snapshot("id", 1, 1, parts))


@pytest.mark.parametrize(
    ("states", "code"),
    [
        pytest.param(["ready", "done"], 0, id="all ready"),
        pytest.param(["ready", "starting"], 3, id="on its way"),
        pytest.param(["ready", "waiting"], 3, id="waiting for another"),
        pytest.param(["ready", "paused"], 3, id="about to be started again"),
        pytest.param(["ready", "failed"], 1, id="given up"),
        pytest.param(["starting", "stopped"], 1, id="stopped for good wins over on its way"),
        pytest.param(["ready", "ended"], 1, id="ended by itself"),
    ],
)
def test_exit_codes(states: list[str], code: int) -> None:
    assert exit_code(stack(*(part(f"p{n}", state) for n, state in enumerate(states)))) == code


def test_services_and_unfinished_tasks_are_shown() -> None:
    shown = rows(
        stack(
            part("kafka", "ready"),
            part("topics", "done", "task"),
            part("tables", "failed", "task", "no server"),
        ),
        now=165.0,
    )
    assert [row[:3] for row in shown] == [
        ("Kafka", "ready", "1 min 5 s"),
        ("Tables", "failed", "1 min 5 s"),
    ]
    assert shown[1][-1] == "no server"


def test_the_document_is_complete_without_code(tmp_path: Path) -> None:
    told = document(stack(part("kafka", "ready"), root=tmp_path), now=165.0)
    assert told["code_sha256"] is None
    assert told["parts"]["kafka"]["restarts"] == 2
    assert told["disk"]["kept_free_bytes"] > 0
    assert (told["disk"]["bytes"], told["disk"]["days_left"]) == ({}, None)


GROWING = DiskUsage({}, free=9 * MB, kept_free=MB, per_day=4 * MB, seconds=86_400)


@pytest.mark.parametrize(
    ("found", "text"),
    [
        pytest.param(
            GROWING,
            "at the rate of the last day (4 MB a day) it is full in 2.0 days",
            id="of a whole day",
        ),
        pytest.param(
            replace(GROWING, seconds=5_400),
            "at the rate of the last 1.5 h (4 MB a day) it is full in 2.0 days",
            id="of a stack that was just made",
        ),
        pytest.param(replace(GROWING, per_day=-1), "in the last day nothing grew", id="it shrinks"),
        pytest.param(
            replace(GROWING, per_day=None), "how fast it fills is not known yet", id="no notes yet"
        ),
    ],
)
def test_the_outlook(found: DiskUsage, text: str) -> None:
    assert outlook(found) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        pytest.param(-1, "0 s", id="a clock that was set back"),
        pytest.param(59.9, "59 s", id="seconds"),
        pytest.param(60, "1 min 0 s", id="a minute"),
        pytest.param(3661, "1 h 1 min", id="an hour"),
    ],
)
def test_age(seconds: float, text: str) -> None:
    assert age(seconds) == text


@pytest.mark.parametrize(
    ("process", "shown", "code"),
    [
        pytest.param("ready", "stopped", 1, id="they say so themselves"),
        pytest.param("waiting", "waiting", 3, id="what an earlier process said is past"),
        pytest.param("paused", "paused", 3, id="also when it has just died"),
        pytest.param("stopped", "stopped", 1, id="why the process stopped"),
    ],
)
def test_applications_are_shown_as_their_process_is(
    process: str, shown: str, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = ApplicationState("orders", "stopped", "asked to stop", "host/1", 3)
    monkeypatch.setattr("ops.commands.status.command.read_applications", lambda _url: (said,))
    one = stack(part("spark", process), root=tmp_path)
    assert document(one, now=165.0)["applications"]["orders"]["state"] == shown
    assert exit_code(one) == code
