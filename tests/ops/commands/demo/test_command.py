"""The demo leaves nothing running, however it ends."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.errors import ShopstreamError, Usage
from ops.commands.demo import command as demo
from ops.commands.demo import tour
from ops.commands.demo.live_figures import Figures
from tests.ops.commands.demo.figures import CAUGHT_UP, SOME_FIGURES
from tests.ops.commands.demo.stage import FED, SIMULATED, Reader, Stage

PROVED = [*FED, "verify", "down"]


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    stage = Stage(tmp_path)
    stage.source.write_text("InvoiceNo\n")
    monkeypatch.setenv("SHOPSTREAM_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(tour, "shopstream", stage.command)
    monkeypatch.setattr(tour, "check", lambda source: stage.command(None, "check"))
    monkeypatch.setattr(tour, "open_stack", lambda home: home)
    monkeypatch.setattr(tour, "LiveFigures", lambda stack: Reader(stage.moment))
    monkeypatch.setattr(tour, "PLAIN_REFRESH_SECONDS", 0.01)
    yield stage


def first_words(calls: list[str]) -> list[str]:
    """The commands that were called. Those that begin together are in the order of their names."""
    words = [call.split()[0] for call in calls]
    return [*words[:2], *sorted(words[2:4]), *words[4:]]


def test_a_good_demo_replays_beside_shoppers_proves_and_removes_its_stack(stage: Stage) -> None:
    assert stage.play() == 0
    together = [
        f"replay online-retail {stage.source} --speed max",
        f"simulate {' '.join(tour.SHOPPERS)} --json",
    ]
    assert stage.calls[:2] == ["check", "up --json"]
    assert sorted(stage.calls[2:4]) == together
    assert stage.calls[4:] == [f"verify --source {stage.source}", "down --purge"]


def test_what_the_shoppers_did_is_told_as_the_producer_counted_it(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    assert stage.play() == 0
    assert (
        "the shoppers' 3,500 events: 105 sent late, 104 sent twice, 17 malformed; "
        "6 orders were fraud"
    ) in capsys.readouterr().out.splitlines()


@pytest.mark.parametrize(
    "failing, code, called",
    [
        pytest.param("up", 4, ["check", "up", "down"], id="the stack does not start"),
        pytest.param("replay", 2, [*FED, "down"], id="the file cannot be replayed"),
        pytest.param("simulate", 1, [*FED, "down"], id="the shoppers' events are refused"),
        pytest.param("verify", 1, PROVED, id="the proof is red"),
        pytest.param("verify", 3, PROVED, id="not caught up"),
    ],
)
def test_a_failure_is_the_exit_code_and_leaves_the_logs_but_nothing_running(
    stage: Stage, failing: str, code: int, called: list[str]
) -> None:
    stage.codes = {failing: code}
    assert stage.play() == code
    assert first_words(stage.calls) == called
    assert stage.calls[-1] == "down"


@pytest.mark.parametrize(
    "failing, going_on", [("replay", "simulate"), ("simulate", "replay")], ids=lambda name: name
)
def test_the_one_that_failed_is_told_and_the_other_ended(
    stage: Stage, capsys: pytest.CaptureFixture[str], failing: str, going_on: str
) -> None:
    stage.codes, stage.seconds = {failing: 2}, {failing: 0.5, going_on: 60}
    assert stage.play() == 2
    said = {"replay": '{"said_by": "replay"}', "simulate": "12 acknowledged"}
    told = capsys.readouterr().err.splitlines()
    assert said[failing] in told
    assert said[going_on] not in told
    assert (stage.folder / f"interrupted {going_on}").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_demo_ends_what_it_feeds_and_removes_its_stack(
    stage: Stage, number: signal.Signals
) -> None:
    def interrupt() -> Figures:
        if len(stage.calls) == len(FED):
            os.kill(os.getpid(), number)
        return SOME_FIGURES

    stage.moment, stage.seconds = interrupt, {"replay": 60, "simulate": 60}
    with pytest.raises(KeyboardInterrupt):
        stage.play()
    assert {path.name for path in stage.folder.glob("interrupted *")} == {
        "interrupted replay",
        "interrupted simulate",
    }
    assert stage.calls[-1] == "down --purge"
    assert signal.getsignal(number) is not demo._be_patient


def test_an_error_while_watching_still_stops_the_stack(stage: Stage) -> None:
    def broken() -> Figures:
        raise ConnectionError("Postgres went away")

    stage.moment = broken
    with pytest.raises(ConnectionError):
        stage.play()
    assert stage.calls[-1] == "down"


def test_in_json_the_answer_is_one_document_of_the_proof_and_the_answers(
    stage: Stage, capfd: pytest.CaptureFixture[str]
) -> None:
    stage.codes = {"verify": 1}
    assert stage.play(as_json=True) == 1
    document = json.loads(capfd.readouterr().out)
    assert document["exit_code"] == 1
    assert document["verify"] == {"said_by": "verify"}
    assert document["simulated"] == SIMULATED
    assert document["answers"]["shoppers"]["sessions"] == 402
    assert document["answers"]["revenue"] == {"GBP": "52610.49"}
    assert document["answers"]["revenue_over_time"]["day"][0]["amount"] == "52610.49"


def test_the_demo_goes_on_watching_until_nothing_lags(stage: Stage) -> None:
    # The replay takes a twentieth of a second, so this is long after its end.
    looks = [*[SOME_FIGURES] * 50, CAUGHT_UP]
    seen: list[Figures] = []

    def look() -> Figures:
        seen.append(looks[min(len(seen), len(looks) - 1)])
        return seen[-1]

    stage.moment = look
    assert stage.play() == 0
    assert seen[: len(looks)] == looks


def test_a_kept_demo_is_not_overwritten_by_the_next(stage: Stage) -> None:
    assert stage.play(keep=True) == 0
    assert stage.calls[-1] == "down"
    with pytest.raises(ShopstreamError, match="in use") as refused:
        stage.play()
    assert "down --purge" in refused.value.command


def test_what_a_killed_demo_left_is_removed_first(stage: Stage) -> None:
    (stage.folder / "home" / "demo").mkdir(parents=True)
    assert stage.play() == 0
    assert stage.calls[:3] == ["check", "down --purge", "up --json"]


def test_a_stack_that_cannot_be_stopped_is_an_error_with_the_next_command(stage: Stage) -> None:
    stage.codes = {"down": 1}
    with pytest.raises(ShopstreamError, match="could not be stopped"):
        stage.play()


def test_a_file_that_cannot_be_replayed_starts_nothing(stage: Stage) -> None:
    stage.codes = {"check": 2}
    assert stage.play() == 2
    assert stage.calls == ["check"]


def test_a_missing_file_is_a_usage_error_before_anything_starts(stage: Stage) -> None:
    with pytest.raises(Usage, match="there is no file"):
        demo.demo(file=stage.folder / "absent.csv", keep=False)
    assert not (stage.folder / "calls").exists()
