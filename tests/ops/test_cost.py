"""`shopstream cost`, run as users run it, on templates that lie there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ops import console, templates
from ops.commands import cost
from ops.cost.prices import PriceTable, read_prices
from ops.main import run
from tests.ops.cost.environments import environment


@pytest.fixture(autouse=True)
def fresh_consoles() -> Iterator[None]:
    console._console.cache_clear()
    yield
    console._console.cache_clear()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One template with one of everything, of an environment called test."""
    resources = {
        one.logical_id: {"Type": one.type, "Properties": one.properties}
        for one in environment().resources
    }
    file = tmp_path / "shopstream-test-data.template.json"
    file.write_text(json.dumps({"Resources": resources}))
    return tmp_path


def answer(folder: Path, capsys: pytest.CaptureFixture[str], *more: str) -> dict[str, Any]:
    run(["cost", "--env", "test", "--templates", str(folder), "--json", *more])
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return document


def test_loads_differ(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    totals = [
        Decimal(answer(folder, capsys, "--load", load)["total"]) for load in ("low", "base", "high")
    ]
    assert totals[0] < totals[1] < totals[2]


def test_the_limit_decides_the_exit_code(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    total = Decimal(answer(folder, capsys)["total"])
    words = ["cost", "--env", "test", "--templates", str(folder), "--limit"]
    assert run([*words, str(total)]) == 0
    assert run([*words, str(total - Decimal("0.01"))]) == 1
    assert "above the limit" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        pytest.param([], 2, "--env", id="no environment"),
        pytest.param(["--env", "test", "--load", "huge"], 2, "low, base, high", id="no such load"),
        pytest.param(["--env", "test", "--limit", "much"], 2, "no amount", id="no number"),
        pytest.param(["--env", "test", "--limit", "0"], 2, "above 0", id="a limit of nothing"),
        pytest.param(["--env", "test", "--limit", "nan"], 2, "above 0", id="not a number"),
        pytest.param(["--env", "other"], 4, "no templates of other", id="templates of another"),
    ],
)
def test_misuse(
    words: list[str], code: int, said: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["cost", "--templates", str(folder), *words]) == code
    out = capsys.readouterr()
    assert said in out.out + out.err


def test_missing_templates_say_how_to_make_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["cost", "--env", "dev", "--templates", str(tmp_path)]) == 4
    assert "next: make assets synth ENV=dev" in capsys.readouterr().err


def test_an_environment_that_the_settings_do_not_know(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["cost", "--env", "nowhere"]) == 2
    assert "known: dev, staging, production" in capsys.readouterr().err


APP = """
import json, os, pathlib
name = json.loads(os.environ["CDK_CONTEXT_JSON"])["environment"]
if name == "broken":
    raise SystemExit("error: build/assets has no code.zip")
file = pathlib.Path(os.environ["CDK_OUTDIR"]) / f"shopstream-{name}-data.template.json"
file.write_text(json.dumps({"Resources": {"Key": {"Type": "AWS::KMS::Key"}}}))
"""


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "app.py").write_text(APP)
    monkeypatch.setattr(templates, "source_root", lambda: tmp_path)


@pytest.mark.usefixtures("app")
def test_templates_that_are_not_there_are_synthesized(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["cost", "--env", "test"]) == 0
    assert "KMS keys" in capsys.readouterr().out


@pytest.mark.usefixtures("app")
def test_what_synthesis_lacks_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["cost", "--env", "broken"]) == 4
    assert "build/assets has no code.zip" in capsys.readouterr().err


def test_the_table_shows_sums_marks_and_what_it_rests_on(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["cost", "--env", "test", "--templates", str(folder)]) == 0
    out = capsys.readouterr().out
    (brokers,) = [line for line in out.splitlines() if "3 brokers express.m7g.large" in line]
    assert brokers.rstrip().endswith("*")
    for said in ("total, every price 30 % higher", "3,709 USD", "ours covers", "event_bytes"):
        assert said in out


@pytest.mark.parametrize(
    ("dated", "warned"),
    [pytest.param(date(2020, 1, 1), True, id="old"), pytest.param(None, False, id="of this week")],
)
def test_old_prices_are_warned_of(
    dated: date | None,
    warned: bool,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    read = read_prices()
    today = cost.datetime.now(cost.UTC).date()
    aged = PriceTable(read.region, dated or today, read.prices)
    monkeypatch.setattr(cost, "read_prices", lambda: aged)
    assert run(["cost", "--env", "test", "--templates", str(folder), "--json"]) == 0
    assert ("120 days old" in capsys.readouterr().err) is warned
