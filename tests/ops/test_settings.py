"""What the command takes from the environment."""

from __future__ import annotations

from pathlib import Path

import pytest

from ops.settings import AWS_CREDENTIALS, CommandSettings

USER = {"HOME": "/home/ana"}


@pytest.mark.parametrize(
    ("environment", "home", "cache"),
    [
        pytest.param({}, "/home/ana/.shopstream", "/home/ana/.cache/shopstream", id="nothing set"),
        pytest.param(
            {"SHOPSTREAM_HOME": "/s", "SHOPSTREAM_CACHE": "/c"}, "/s", "/c", id="both set"
        ),
        pytest.param(
            {"XDG_CACHE_HOME": "/x"}, "/home/ana/.shopstream", "/x/shopstream", id="a cache folder"
        ),
        pytest.param(
            {"SHOPSTREAM_HOME": "", "SHOPSTREAM_CACHE": ""},
            "/home/ana/.shopstream",
            "/home/ana/.cache/shopstream",
            id="set to nothing",
        ),
    ],
)
def test_folders(environment: dict[str, str], home: str, cache: str) -> None:
    settings = CommandSettings.from_variables(USER | environment)
    assert (settings.home, settings.cache) == (Path(home), Path(cache))


@pytest.mark.parametrize("name", AWS_CREDENTIALS)
def test_each_kind_of_real_credential_is_noticed(name: str) -> None:
    assert CommandSettings.from_variables(USER | {name: "AKIAREAL"}).aws_credentials == (name,)


@pytest.mark.parametrize("value", ["", "test", "testing", " Dummy "])
def test_the_values_of_emulators_are_harmless(value: str) -> None:
    assert (
        CommandSettings.from_variables(USER | {"AWS_SECRET_ACCESS_KEY": value}).aws_credentials
        == ()
    )


@pytest.mark.parametrize(
    ("environment", "plain"),
    [
        pytest.param({}, False, id="nothing set"),
        pytest.param({"NO_COLOR": "1"}, True, id="NO_COLOR"),
        pytest.param({"NO_COLOR": ""}, False, id="NO_COLOR set to nothing counts as unset"),
        pytest.param({"TERM": "dumb"}, True, id="a dumb terminal"),
    ],
)
def test_plain_output(environment: dict[str, str], plain: bool) -> None:
    assert CommandSettings.from_variables(USER | environment).plain is plain
