"""`doctor` as a command: without credentials, and with words that do not fit together."""

from __future__ import annotations

from typing import Any

import pytest
from typer.testing import CliRunner

from ops.main import command_line, run
from tests.ops.commands.doctor.account import REGION


@pytest.fixture
def no_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.mark.usefixtures("no_credentials")
@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        pytest.param(["--region", REGION], 4, "no credentials were found", id="no credentials"),
        pytest.param(["--region", REGION], 4, "aws sso login", id="what to do about it"),
        pytest.param(
            ["--env", "dev", "--region", REGION], 4, "no credentials", id="an environment"
        ),
    ],
)
def test_the_command_without_credentials(words: list[str], code: int, says: str) -> None:
    result = CliRunner().invoke(command_line(), ["doctor", "--aws", "--json", *words])
    assert result.exit_code == code
    assert says in result.output


@pytest.mark.usefixtures("no_credentials")
def test_a_region_alone_is_about_no_account() -> None:
    result = CliRunner().invoke(command_line(), ["doctor", "--region", REGION])
    assert result.exit_code != 0


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["doctor", "--env", "dev"], "about an AWS account"),
        (["doctor", "--settings", "shop.toml"], "about an AWS account"),
        (["doctor", "--aws", "--env", "prod"], "known: dev, staging, production"),
        (["doctor", "--aws", "--settings", "none.toml"], "none.toml"),
    ],
)
def test_misuse_of_an_environment(
    words: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(words) == 2
    assert says in capsys.readouterr().err
