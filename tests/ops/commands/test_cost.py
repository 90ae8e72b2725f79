"""`shopstream cost`, run as users run it, on templates that lie there."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ops import console
from ops.commands.cost import command as cost
from ops.commands.cost import templates
from ops.commands.cost.prices import read_prices
from ops.main import run
from tests.ops.commands.cost.environments import environment


@pytest.fixture(autouse=True)
def fresh_consoles() -> Iterator[None]:
    console._console.cache_clear()
    yield
    console._console.cache_clear()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two templates with one of everything between them, of an environment called test."""
    resources = {
        one.logical_id: {"Type": one.type, "Properties": one.properties}
        for one in environment().resources
    }
    key = resources.pop("Key")
    write(tmp_path, {"data": resources, "network": {"Key": key}})
    return tmp_path


def write(folder: Path, stacks: dict[str, dict[str, Any]]) -> None:
    """Templates and the manifest that lists them, as the CDK does."""
    artifacts: dict[str, Any] = {"Tree": {"type": "cdk:tree", "properties": {"file": "tree.json"}}}
    for stack, resources in stacks.items():
        name = f"shopstream-test-{stack}"
        file = f"{name}.template.json"
        (folder / file).write_text(json.dumps({"Resources": resources}))
        artifacts[name] = {
            "type": "aws:cloudformation:stack",
            "properties": {"templateFile": file},
        }
    (folder / "manifest.json").write_text(json.dumps({"artifacts": artifacts}))


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
        pytest.param(["--env", "test", "--limit", "much"], 2, "not an amount", id="no number"),
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


NETWORK = "shopstream-test-network.template.json"


def absent(folder: Path) -> None:
    (folder / NETWORK).unlink()


def cut_off(folder: Path) -> None:
    (folder / NETWORK).write_text('{"Resources": {"Ke')


def another_document(folder: Path) -> None:
    (folder / NETWORK).write_text("[]")


def no_type(folder: Path) -> None:
    (folder / NETWORK).write_text('{"Resources": {"Key": {}}}')


def no_manifest(folder: Path) -> None:
    (folder / "manifest.json").unlink()


def broken_manifest(folder: Path) -> None:
    (folder / "manifest.json").write_text('{"artifacts": []}')


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (absent, f"lacks {NETWORK}"),
        (cut_off, f"{NETWORK} is not a CloudFormation template"),
        (another_document, f"{NETWORK} is not a CloudFormation template"),
        (no_type, f"{NETWORK} is not a CloudFormation template"),
        (no_manifest, "has no templates of test"),
        (broken_manifest, "manifest.json is not a manifest"),
    ],
)
def test_templates_that_are_not_whole_are_not_priced(
    spoil: Callable[[Path], None], said: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spoil(folder)
    assert run(["cost", "--env", "test", "--templates", str(folder), "--limit", "1"]) == 4
    out = capsys.readouterr()
    assert said in out.err
    assert "next: make assets synth ENV=test" in out.err
    assert "total" not in out.out


def test_what_is_priced_is_said_with_its_time(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    os.utime(folder / NETWORK, (1_700_000_000, 1_700_000_000))
    assert run(["cost", "--env", "test", "--templates", str(folder), "--json"]) == 0
    out = capsys.readouterr()
    assert f"in {folder}, written 2023-11-14 22:13 UTC: shopstream-test-data" in out.err
    said = json.loads(out.out)["templates"]
    assert said["files"] == ["shopstream-test-data.template.json", NETWORK]
    assert said["written"] == "2023-11-14T22:13:20+00:00"


@pytest.mark.parametrize(
    ("changed", "warned"), [(1_700_000_001, True), (1_700_000_000, False)], ids=["since", "before"]
)
def test_settings_that_changed_since_are_warned_of(
    changed: int,
    warned: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "cdk.out").mkdir()
    write(tmp_path / "cdk.out", {"data": {"Key": {"Type": "AWS::KMS::Key"}}})
    settings = tmp_path / "cdk" / "settings"
    settings.mkdir(parents=True)
    (settings / "__init__.py").touch()
    os.utime(settings / "__init__.py", (changed, changed))
    for file in (tmp_path / "cdk.out").iterdir():
        os.utime(file, (1_700_000_000, 1_700_000_000))
    monkeypatch.setattr(templates, "source_root", lambda: tmp_path)
    assert run(["cost", "--env", "test"]) == 0
    assert ("cdk/settings was changed since" in capsys.readouterr().err) is warned


def test_an_environment_that_the_settings_do_not_know(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["cost", "--env", "nowhere"]) == 2
    said = capsys.readouterr().err
    assert "known: dev, staging, production" in said
    assert "synthesizing" not in said


APP = """
import json, os, pathlib
name = json.loads(os.environ["CDK_CONTEXT_JSON"])["environment"]
if name == "broken":
    raise SystemExit("error: build/assets has no code.zip")
out = pathlib.Path(os.environ["CDK_OUTDIR"])
file = f"shopstream-{name}-data.template.json"
(out / file).write_text(json.dumps({"Resources": {"Key": {"Type": "AWS::KMS::Key"}}}))
stack = {"type": "aws:cloudformation:stack", "properties": {"templateFile": file}}
(out / "manifest.json").write_text(json.dumps({"artifacts": {f"shopstream-{name}-data": stack}}))
"""


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "app.py").write_text(APP)
    monkeypatch.setattr(templates, "source_root", lambda: tmp_path)
    monkeypatch.setattr(templates, "ENVIRONMENTS", ("test", "broken"))


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
    aged = replace(read, dated=dated or today)
    monkeypatch.setattr(cost, "read_prices", lambda: aged)
    assert run(["cost", "--env", "test", "--templates", str(folder), "--json"]) == 0
    assert ("120 days old" in capsys.readouterr().err) is warned
