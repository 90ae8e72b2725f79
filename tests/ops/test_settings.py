"""What the command takes from the environment."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.java.network import Network
from ops.settings import AWS_CREDENTIALS, CommandSettings, own_variables
from tests.shop import ROOT

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
        pytest.param(
            {"SHOPSTREAM_HOME": "~/s", "SHOPSTREAM_CACHE": "~"},
            "/home/ana/s",
            "/home/ana",
            id="a home that the shell left to the program",
        ),
        pytest.param(
            {"SHOPSTREAM_HOME": "/a/~/s"},
            "/a/~/s",
            "/home/ana/.cache/shopstream",
            id="a tilde within",
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


@pytest.mark.parametrize(
    ("name", "value", "own"),
    [
        pytest.param("PGPASSWORD", "x", None, id="of libpq"),
        pytest.param("PYTHONOPTIMIZE", "2", None, id="of Python"),
        pytest.param("_JAVA_OPTIONS", "-Xmx1m", None, id="of Java"),
        pytest.param("PYSPARK_SUBMIT_ARGS", "x", None, id="of Spark"),
        pytest.param("KAFKA_OPTS", "x", None, id="of Kafka"),
        pytest.param("HADOOP_CONF_DIR", "x", None, id="of Hadoop"),
        pytest.param("LC_NUMERIC", "de_DE", None, id="how numbers are written"),
        pytest.param("LANG", "de_DE", "C.UTF-8", id="the language"),
        pytest.param("TZ", "Asia/Tokyo", "UTC", id="the time zone"),
        pytest.param("PYTHONPATH", "/x", str(ROOT), id="other modules"),
        pytest.param("PATH", "/bin", "/bin", id="where programs are"),
        pytest.param("SHOPSTREAM_HOME", "/s", "/s", id="ours"),
        pytest.param("AWS_REGION", "eu-west-1", "eu-west-1", id="of AWS"),
        pytest.param("HTTPS_PROXY", "http://p", "http://p", id="the way out"),
        pytest.param("GPG", "x", "x", id="a name that only holds a foreign one"),
    ],
)
def test_what_the_command_keeps_of_the_users_variables(
    name: str, value: str, own: str | None
) -> None:
    assert own_variables({name: value}).get(name) == own


def test_a_user_without_a_home(monkeypatch: pytest.MonkeyPatch) -> None:
    def home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", home)
    assert CommandSettings.from_variables({}).home == Path("/nonexistent/.shopstream")


@pytest.mark.parametrize(
    ("environment", "network"),
    [
        pytest.param({}, Network(), id="nothing set"),
        pytest.param({"SSL_CERT_FILE": "/c.pem"}, Network(Path("/c.pem")), id="certificates"),
        pytest.param(
            {"https_proxy": "http://p:1", "no_proxy": "a,b"},
            Network(proxy="http://p:1", direct="a,b"),
            id="a proxy, as curl names it",
        ),
        pytest.param({"HTTPS_PROXY": "", "NO_PROXY": ""}, Network(), id="set to nothing"),
        pytest.param(
            {"SHOPSTREAM_MAVEN_MIRROR": "http://m/maven2"},
            Network(mirror="http://m/maven2"),
            id="a mirror",
        ),
    ],
)
def test_the_way_out(environment: dict[str, str], network: Network) -> None:
    assert CommandSettings.from_variables(USER | environment).network == network
