"""Exit codes and messages of the command, run as users run it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from local import launch
from local.home import Home
from local.ports import claim
from local.profile import new_profile, read_profile, write_profile
from ops import console
from ops.main import run


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    monkeypatch.setenv("SHOPSTREAM_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SHOPSTREAM_CACHE", str(tmp_path / "cache"))
    console._console.cache_clear()
    home = Home(tmp_path / "home")
    yield home
    # No test here starts a stack. If a fault starts one, it must not stay.
    launch.stop(home, lambda _text: None)


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        pytest.param(["--help"], 0, "Usage:", id="help"),
        pytest.param([], 2, "Usage:", id="nothing asked for"),
        pytest.param(["upp"], 2, "No such command", id="a command that is not there"),
        pytest.param(["up", "--what"], 2, "No such option", id="an option that is not there"),
        pytest.param(["up", "--brokers", "2"], 2, "1 or 3", id="a number that makes no sense"),
        pytest.param(["up", "--java", "/nowhere"], 4, "no Java at /nowhere", id="no such Java"),
        pytest.param(["status"], 3, "no stack is running", id="status of nothing"),
        pytest.param(["status", "--json"], 3, "no stack is running", id="the same in JSON"),
        pytest.param(["logs"], 3, "there are no logs", id="logs of nothing"),
        pytest.param(["down"], 0, "nothing was running", id="down of nothing"),
        pytest.param(["down", "--purge"], 0, "nothing was running", id="purge of nothing"),
    ],
)
def test_exit_codes(
    line: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(line) == code
    out = capsys.readouterr()
    assert said in out.out + out.err


def test_a_folder_of_somebody_else_is_an_error_and_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(_home: Home) -> None:
        raise PermissionError(13, "Permission denied", "/srv/shop/profile.json")

    monkeypatch.setattr("ops.stack.read_profile", refuse)
    assert run(["status"]) == 4
    said = capsys.readouterr().err
    assert "error: this user may not use /srv/shop/profile.json: Permission denied" in said
    assert "next: set SHOPSTREAM_HOME" in said


def test_a_start_that_is_refused_decides_nothing_about_the_stack(home: Home) -> None:
    run(["up", "--java", "/nowhere"])
    assert read_profile(home) is None


def test_an_error_says_what_happened_why_and_what_to_do(
    capsys: pytest.CaptureFixture[str],
) -> None:
    run(["status"])
    assert capsys.readouterr().err.splitlines()[1:] == [
        "likely cause: it was not started, or it was stopped",
        "next: shopstream up",
    ]


def test_an_error_in_json_is_one_document_on_standard_output(
    capsys: pytest.CaptureFixture[str],
) -> None:
    run(["status", "--json"])
    answer = json.loads(capsys.readouterr().out)
    assert (answer["exit_code"], answer["next"]) == (3, "shopstream up")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (["status", "--what", "--json"], "No such option"),
        (["quarantine", "show", "--limit", "none", "--json"], "--limit"),
        (["topics", "whim", "--json"], "No such command"),
        (["logs", "--json", "--follow"], "--json or --follow, not both"),
        (["status", "--json", "--watch"], "--json or --watch, not both"),
    ],
)
def test_a_misuse_in_json_is_one_document(
    line: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(line) == 2
    out = capsys.readouterr()
    answer = json.loads(out.out)
    assert said in answer["error"]
    assert (answer["exit_code"], bool(answer["next"])) == (2, True)
    assert "error:" in out.err


def test_up_refuses_to_run_beside_real_credentials(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "work")
    assert run(["up"]) == 4
    assert "next: unset AWS_PROFILE" in capsys.readouterr().err
    assert not home.root.exists()


def test_the_number_of_brokers_of_a_stack_is_fixed(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    home.make()
    write_profile(home, new_profile(1, claim))
    assert run(["up", "--brokers", "3"]) == 2
    assert "--purge" in capsys.readouterr().err


def test_purge_refuses_a_folder_that_is_not_a_stack_s(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    home.root.mkdir()
    precious = home.root / "thesis.txt"
    precious.write_text("years")
    assert run(["down", "--purge"]) == 4
    assert precious.exists()
    assert "does not look like a state folder" in capsys.readouterr().err


def test_purge_leaves_what_is_not_the_stack_s(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    home.make()
    write_profile(home, new_profile(1, claim))
    for own in ("kafka-1", "valkey-1-replica", "schemas"):
        (home.root / own).mkdir()
    precious = home.root / "thesis.txt"
    precious.write_text("years")
    assert run(["down", "--purge"]) == 0
    assert list(home.root.iterdir()) == [precious]
    assert "files of others stay: thesis.txt" in capsys.readouterr().out
    precious.unlink()
    home.make()
    assert run(["down", "--purge"]) == 0
    assert not home.root.exists()


def test_up_refuses_a_folder_of_somebody_s_files(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    home.root.mkdir()
    (home.root / "thesis.txt").write_text("years")
    assert run(["up"]) == 4
    assert "is not a state folder" in capsys.readouterr().err
    assert [path.name for path in home.root.iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize("deadline", ["nan", "-1"])
def test_a_deadline_that_is_no_time_is_a_misuse(
    deadline: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["verify", f"--deadline={deadline}"]) == 2
    assert "--deadline" in capsys.readouterr().err


def test_logs_of_one_part_and_of_all(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    home.make()
    home.log("kafka-1").write_text("one\ntwo\n")
    home.log("postgres").write_text("three\n")
    assert run(["logs", "kafka-1", "-n", "1"]) == 0
    assert capsys.readouterr().out == "two\n"
    assert run(["logs"]) == 0
    assert capsys.readouterr().out == "kafka-1 | one\nkafka-1 | two\npostgres | three\n"
    assert run(["logs", "spark"]) == 2
    assert "only of: kafka-1, postgres" in capsys.readouterr().err
