"""libpq URLs as the JDBC driver wants them."""

from __future__ import annotations

from pathlib import Path

import pytest

from emr_jobs.stores.jdbc import JdbcEndpoint, jdbc_endpoint, password_in

SERVER = ("127.0.0.1", "5432", "shopstream", "jobs")


@pytest.mark.parametrize(
    ("passfile", "password"),
    [
        pytest.param("127.0.0.1:5432:shopstream:jobs:secret", "secret", id="exact"),
        pytest.param("*:*:*:jobs:secret", "secret", id="wildcards"),
        pytest.param(
            "h:1:d:u:no\n127.0.0.1:5432:shopstream:jobs:secret", "secret", id="later line"
        ),
    ],
)
def test_the_passfile_gives_the_password(passfile: str, password: str) -> None:
    assert password_in(passfile, SERVER) == password


def test_a_passfile_without_the_server_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"127\.0\.0\.1:5432"):
        password_in("other:5432:shopstream:jobs:secret", SERVER)


def test_endpoint(tmp_path: Path) -> None:
    passfile = tmp_path / "pgpass"
    passfile.write_text("127.0.0.1:5433:shopstream:jobs:secret\n")
    url = f"postgresql://jobs@127.0.0.1:5433/shopstream?passfile={passfile}"
    expected = JdbcEndpoint("jdbc:postgresql://127.0.0.1:5433/shopstream", "jobs", "secret")
    assert jdbc_endpoint(url) == expected


def test_how_the_server_is_to_be_checked_is_kept() -> None:
    url = "postgresql://jobs@h:1/d?sslmode=verify-full&sslrootcert=dependencies/roots.pem"
    expected = "jdbc:postgresql://h:1/d?sslmode=verify-full&sslrootcert=dependencies/roots.pem"
    assert jdbc_endpoint(url, password="token") == JdbcEndpoint(expected, "jobs", "token")


def test_a_password_in_the_url_wins() -> None:
    assert jdbc_endpoint("postgresql://jobs:p@h:1/d").password == "p"
