"""``python -m producer simulate``: options, the shop's clock, ledger, files, Ctrl-C."""

from __future__ import annotations

import csv
import json
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from contracts.errors import Usage
from contracts.ledger import ATTEMPTS_FILE, OUTCOMES_FILE, RUN_FILE, Run
from producer.arguments import parse
from producer.command import main
from producer.room import GOES_ON
from producer.simulate import worker
from producer.simulate.arguments import SimulateArguments, shop_clock

NOW = 1_800_000_000_000_000
SECOND = 1_000_000
NULL = ("simulate", "--outlet", "null")


def arguments(*given: str) -> SimulateArguments:
    parsed = parse([*NULL, *given])
    assert isinstance(parsed, SimulateArguments)
    return parsed


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--rate", "0"], "argument --rate: '0' is not a number from 0.01 to 1"),
        (["--rate", "fast"], "'fast' is not a number from"),
        (["--rate", "nan"], "'nan' is not a number"),
        (["--rate", "max"], "--rate max needs --count"),
        (["--count", "0"], "'0' is not a whole number from 1 to"),
        (["--count", "1e6"], "'1e6' is not a whole number"),
        (["--duration", "-5"], "'-5' is not a number from"),
        (["--duration", "inf"], "'inf' is not a number"),
        (["--seed", "-1"], "'-1' is not a whole number from 0"),
        (["--workers", "0"], "'0' is not a whole number from 1 to 64"),
        (["--workers", "3", "--count", "2"], "--count has no event for some"),
        (["--time-speed", "60"], "--time-speed needs --duration or --count"),
        (["--late", "101%"], "'101%' is not a share from 0% to 100%"),
        (["--late", "5 percent"], "'5 percent' is not a share"),
        (["--late", "60%", "--malformed", "41%"], "together are more than 100%"),
        (["--run", "a/b"], "'a/b' is not a name"),
        (["--start", "yesterday"], "'yesterday' is not a time such as"),
        (["--shoppers", "5"], "'5' is not a whole number from 100"),
        (["--outlet", "kafka", "--count", "5"], "--outlet kafka needs --bootstrap-servers"),
        (["--outlet", "file", "--count", "5"], "--outlet file needs --out FOLDER"),
        (
            ["--outlet", "file", "--out", "x", "--workers", "2", "--count", "5"],
            "--outlet file is written by one worker",
        ),
    ],
)
def test_absurd_options_end_with_2_and_the_reason(
    given: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*NULL, *given]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("given", "start", "span", "end", "density"),
    [
        # Live: the shop's clock is the world's.
        ([], NOW, 86_400 * SECOND, None, 1000.0),
        (["--rate", "20", "--duration", "60"], NOW, 60 * SECOND, NOW + 60 * SECOND, 20.0),
        # Faster: it ends at the present time of the world's clock.
        (
            ["--rate", "20", "--duration", "60", "--time-speed", "10"],
            NOW - 600 * SECOND,
            600 * SECOND,
            NOW,
            2.0,
        ),
        (
            ["--rate", "20", "--count", "1200", "--time-speed", "10"],
            NOW - 600 * SECOND,
            600 * SECOND,
            None,
            2.0,
        ),
        # As fast as events leave: these are the events of the last seconds of a busy shop.
        (["--count", "5000"], NOW - 5 * SECOND, 5 * SECOND, None, 1000.0),
    ],
)
def test_the_clock_never_runs_ahead(
    given: list[str], start: int, span: int, end: int | None, density: float
) -> None:
    clock = shop_clock(arguments(*given), NOW)
    assert (clock.start, clock.span, clock.end) == (start, span, end)
    assert clock.events_per_second == density


def test_a_start_that_would_run_ahead_is_refused() -> None:
    late = replace(arguments("--count", "5000"), start=NOW - 4 * SECOND)
    with pytest.raises(Usage, match="ahead of now"):
        shop_clock(late, NOW)
    assert shop_clock(replace(late, start=NOW - 5 * SECOND), NOW).start == NOW - 5 * SECOND


def run(folder: Path, capsys: pytest.CaptureFixture[str], *more: str) -> tuple[int, dict[str, Any]]:
    where = ["--outlet", "file", "--out", str(folder / "out"), "--ledger", str(folder / "ledger")]
    capsys.readouterr()
    code = main(["simulate", *where, "--json", *more])
    return code, json.loads(capsys.readouterr().out)


def table(folder: Path, run_id: str, name: str) -> list[dict[str, str]]:
    with (folder / "ledger" / run_id / name).open(newline="") as lines:
        return list(csv.DictReader(lines))


SHARES = ("--duplicates", "5%", "--late", "5%", "--malformed", "2%", "--future", "0.5%")


def test_the_ledger_tells_what_became_of_each_event(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, answer = run(tmp_path, capsys, "--count", "8000", "--shoppers", "1000", *SHARES)
    assert code == 0
    (run_id,) = answer["runs"]
    attempts = table(tmp_path, run_id, ATTEMPTS_FILE)
    outcomes = table(tmp_path, run_id, OUTCOMES_FILE)
    assert len(attempts) == len(outcomes) == answer["attempted"] == answer["acknowledged"]
    assert [int(row["sequence"]) for row in attempts] == list(range(len(attempts)))
    assert sorted(int(row["sequence"]) for row in outcomes) == list(range(len(attempts)))
    told = Counter(row["detail"] for row in outcomes)
    assert told["late"] == answer["late"] > 0
    assert told["duplicate"] == answer["duplicate"] > 0
    reasons = {name: n for name, n in told.items() if name.startswith("quarantine:")}
    assert reasons == {f"quarantine:{name}": n for name, n in answer["quarantine"].items()}
    twice = [n for n in Counter(row["event_id"] for row in attempts).values() if n > 1]
    assert set(twice) == {2}
    assert len(twice) == len(attempts) - 8000
    known = Run.from_json((tmp_path / "ledger" / run_id / RUN_FILE).read_text())
    assert (known.producer, known.finished, known.source) == ("simulate", True, None)


def test_seed_run_start_and_vault_decide_every_byte(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    same = ("--count", "3000", "--seed", "5", "--run", "r1", "--start", "2026-03-02T18:00:00Z")
    vault = ("--vault", str(tmp_path / "vault"), "--shoppers", "1000", *SHARES)
    written = []
    for name in ("one", "two"):
        assert run(tmp_path / name, capsys, *same, *vault)[0] == 0
        files = sorted((tmp_path / name / "out").glob("*.ndjson"))
        written.append({file.name: file.read_bytes() for file in files})
    assert {"ecommerce-clicks.ndjson", "ecommerce-orders.ndjson"} <= written[0].keys()
    assert written[0] == written[1]


def test_a_run_is_sent_into_one_ledger_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ("--count", "100", "--shoppers", "1000", "--run", "r1")
    assert run(tmp_path, capsys, *given)[0] == 0
    code, answer = run(tmp_path, capsys, *given)
    assert code == 2
    assert "already holds a run r1" in answer["error"]


def test_workers_share_the_count_under_runs_of_their_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger = tmp_path / "ledger"
    line = [*NULL, "--count", "3001", "--workers", "2", "--run", "r", "--shoppers", "1000"]
    assert main([*line, "--ledger", str(ledger), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["runs"] == ["r-0", "r-1"]
    assert answer["acknowledged"] == 3001
    ids = [
        {row["event_id"] for row in table(tmp_path, name, ATTEMPTS_FILE)} for name in ("r-0", "r-1")
    ]
    assert [len(one) for one in ids] == [1501, 1500]
    assert not ids[0] & ids[1]


@pytest.mark.parametrize("workers", ["1", "2"])
def test_the_error_of_a_worker_is_the_command_s(
    workers: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    vault = tmp_path / "file" / "vault"
    line = [*NULL, "--count", "500", "--shoppers", "1000", "--workers", workers]
    assert main([*line, "--vault", str(vault)]) == 2
    assert f"the vault {vault} cannot be made" in capsys.readouterr().err


@pytest.mark.parametrize("workers", ["1", "2"])
def test_ctrl_c_waits_for_acknowledgements_and_ends_with_130(workers: str) -> None:
    line = [sys.executable, "-m", "producer", *NULL, "--rate", "500", "--json"]
    process = subprocess.Popen(
        [*line, "--workers", workers, "--shoppers", "1000"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    # The first line that says something was sent: every process is well on its way.
    assert any(not line.startswith("0 sent") for line in process.stderr)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    answer = json.loads(out)
    assert process.returncode == answer["exit_code"] == 130
    assert answer["finished"] is False
    assert answer["acknowledged"] == answer["attempted"] > 0


class FullAtFirst:
    """A room that lacks something at the first looks."""

    def __init__(self, looks: int) -> None:
        self._left = looks

    def lacking(self) -> str:
        self._left -= 1
        return "full" if self._left >= 0 else ""

    def close(self) -> None: ...


def test_without_room_it_waits_and_tells_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(worker, "open_room", lambda _endpoints, _destination: FullAtFirst(3))
    assert main([*NULL, "--count", "900", "--rate", "200", "--json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["acknowledged"] == 900
    lines = err.splitlines()
    assert lines[:2] == ["full", GOES_ON]
    assert lines.count("full") == 1
