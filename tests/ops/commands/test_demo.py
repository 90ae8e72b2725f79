"""The demo leaves nothing running, however it ends."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from contracts.errors import ShopstreamError, Usage
from ops.commands.demo import command as demo
from ops.commands.demo import tour
from ops.commands.demo.live_figures import Figures, Ranked, Revenue, unit_for
from ops.commands.demo.live_screen import (
    BAR_WIDTH,
    bar,
    in_lines,
    lines,
    show_revenue,
    show_shoppers,
)
from ops.commands.demo.live_shoppers import ShopperFigures, Trend

SOME_FIGURES = Figures(
    orders={"placed": 1812, "cancelled": 31},
    revenue={"GBP": Decimal("52610.49")},
    categories=[Ranked("kitchen", "GBP", 410, Decimal("9100.10"))],
    locations=[Ranked("United Kingdom", "GBP", 1700, Decimal("48000.00"))],
    alerts={"high_amount": 12, "suspicious_location": 2},
    shoppers=ShopperFigures(
        clicks=2310,
        sessions=402,
        trending=[Trend("SKU-7", "toys", 41), Trend("SKU-3", "garden", 1_300)],
        viewer="sub_a",
        viewed=["SKU-3", "SKU-9"],
    ),
    silver=1800,
    duplicate=3,
    quarantine=1,
    lag={"ingest": 40, "orders": 0},
)
NOBODY = Figures(**{**vars(SOME_FIGURES), "shoppers": ShopperFigures(), "alerts": {}})
CAUGHT_UP = Figures(**{**vars(SOME_FIGURES), "lag": {"ingest": 0, "orders": 0}})


class Reader:
    """Stands for the figures of a stack; `moment` gives those of each look."""

    def __init__(self, moment: Callable[[], Figures]) -> None:
        self.now = moment

    def revenue(self) -> tuple[str, list[Revenue]]:
        return "day", [Revenue(datetime(2010, 12, 1, tzinfo=UTC), "GBP", Decimal("52610.49"))]

    def close(self) -> None:
        pass


SIMULATED = {
    "events": 3_500,
    "late": 105,
    "duplicate": 104,
    "quarantine": {"bad_date": 9, "bad_header": 8},
    "fraud_orders": 6,
}


FEEDS = ("replay", "simulate")
FED = ["check", "up", *FEEDS]
PROVED = [*FED, "verify", "down"]


@dataclass
class Stage:
    """A demo with commands that only note how they were called."""

    folder: Path
    codes: dict[str, int] = field(default_factory=dict)
    moment: Callable[[], Figures] = lambda: CAUGHT_UP
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def source(self) -> Path:
        return self.folder / "orders.csv"

    @property
    def calls(self) -> list[str]:
        return (self.folder / "calls").read_text().splitlines()

    def command(self, home: object, *arguments: str) -> list[str]:
        # The producer prints its progress, its answer as JSON, and the answer in words.
        answers = {"simulate": f"12 sent\n{json.dumps(SIMULATED, indent=2)}\n12 acknowledged"}
        said = answers.get(arguments[0], json.dumps({"said_by": arguments[0]}))
        program = (
            "import pathlib, sys, time\n"
            f"home = pathlib.Path({str(self.folder / 'home' / 'demo')!r})\n"
            f"calls = pathlib.Path({str(self.folder / 'calls')!r})\n"
            "if sys.argv[1] == 'up': (home / 'logs').mkdir(parents=True, exist_ok=True)\n"
            "try:\n"
            "    with calls.open('a') as file: file.write(' '.join(sys.argv[1:]) + '\\n')\n"
            # Of two that run together, neither ends before the other has begun.
            f"    while sys.argv[1] in {FEEDS!r} and calls.read_text().count('\\n') < {len(FED)}:\n"
            "        time.sleep(0.01)\n"
            f"    print({said!r})\n"
            f"    time.sleep({self.seconds!r}.get(sys.argv[1], 0))\n"
            "except KeyboardInterrupt:\n"
            f"    pathlib.Path({str(self.folder)!r}, 'interrupted ' + sys.argv[1]).touch()\n"
            "    sys.exit(130)\n"
            f"sys.exit({self.codes!r}.get(sys.argv[1], 0))\n"
        )
        return [sys.executable, "-S", "-c", program, *arguments]

    def play(self, *, keep: bool = False, as_json: bool = False) -> int:
        return demo.demo(file=self.source, keep=keep, as_json=as_json)


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


def test_the_lines_of_a_plain_terminal_hold_every_answer() -> None:
    assert list(in_lines(SOME_FIGURES).values()) == [
        "orders 1,812 · cancelled 31 · revenue 52,610.49 GBP · clicks 2,310 · sessions 402 · "
        "alerts 14 · lake rows 1,804 · duplicates 3 · quarantine 1 · lag of ingest 40 · "
        "lag of orders 0",
        "    alerts by rule: high_amount 12, suspicious_location 2",
        "    trending: SKU-7 (toys) 41, SKU-3 (garden) 1,300",
        "    viewed last: SKU-3, SKU-9 by sub_a",
    ]


def test_while_nobody_came_there_is_but_the_headline() -> None:
    assert list(in_lines(NOBODY)) == ["headline"]


def test_where_nobody_watches_only_the_lines_that_changed_are_written() -> None:
    written: list[str] = []
    show = lines(written.append)
    for figures in (NOBODY, NOBODY, SOME_FIGURES, CAUGHT_UP, CAUGHT_UP):
        show(figures)
    assert written == [
        in_lines(NOBODY)["headline"],
        *in_lines(SOME_FIGURES).values(),
        in_lines(CAUGHT_UP)["headline"],
    ]


def test_at_the_end_alerts_trends_and_views_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    show_shoppers(NOBODY)
    assert capsys.readouterr().out == ""
    show_shoppers(SOME_FIGURES)
    assert capsys.readouterr().out.splitlines() == [
        "alerts by rule       count",
        "high_amount          12",
        "suspicious_location  2",
        "trending this hour  category  score",
        "SKU-7               toys      41",
        "SKU-3               garden    1,300",
        "viewed last by sub_a, from Valkey: SKU-3, SKU-9",
    ]


@pytest.mark.parametrize(
    "lag, caught_up",
    [
        pytest.param({}, False, id="no application has reported yet"),
        pytest.param({"orders": 0, "ingest": 1}, False, id="one is behind"),
        pytest.param({"orders": 0, "ingest": 0}, True, id="all are level"),
    ],
)
def test_caught_up(lag: dict[str, int], caught_up: bool) -> None:
    assert Figures(**{**vars(SOME_FIGURES), "lag": lag}).caught_up is caught_up


@pytest.mark.parametrize(
    "span, unit",
    [
        pytest.param(timedelta(hours=24), "hour", id="a day in hours"),
        pytest.param(timedelta(hours=24, seconds=1), "day", id="a second more in days"),
        pytest.param(timedelta(days=31), "day", id="a month in days"),
        pytest.param(timedelta(days=32), "week", id="more in weeks"),
        pytest.param(timedelta(weeks=53), "month", id="a year in months"),
    ],
)
def test_revenue_over_time_fits_a_screen(span: timedelta, unit: str) -> None:
    assert unit_for(span) == unit


@pytest.mark.parametrize(
    "amount, length",
    [
        pytest.param("100", BAR_WIDTH, id="the largest"),
        pytest.param("50", BAR_WIDTH // 2, id="half of it"),
        pytest.param("0.01", 1, id="a cent is still seen"),
        pytest.param("0", 0, id="nothing"),
        pytest.param("-5", 0, id="less than nothing"),
    ],
)
def test_bars(amount: str, length: int) -> None:
    assert len(bar(Decimal(amount), Decimal(100))) == length


def test_no_revenue_draws_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    show_revenue("day", [])
    assert capsys.readouterr().out == ""
