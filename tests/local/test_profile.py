"""The profile: private, the same after a restart, and clear about what is wrong with it."""

from __future__ import annotations

import stat
from pathlib import Path

import psycopg
import pytest

from contracts.errors import EnvironmentProblem
from local.home import Home
from local.ports import claim
from local.profile import (
    fresh_ports,
    new_profile,
    postgres_url,
    read_profile,
    require_profile,
    with_all_ports,
    write_profile,
)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    home.make()
    return home


@pytest.mark.parametrize("brokers", [1, 3])
def test_a_profile_survives_a_restart(home: Home, brokers: int) -> None:
    profile = new_profile(brokers, claim)
    write_profile(home, profile)
    assert read_profile(home) == profile
    assert set(profile.ports) == set(profile.port_names)
    assert len(profile.bootstrap_servers.split(",")) == brokers


def test_two_brokers_are_refused() -> None:
    with pytest.raises(ValueError, match="1 or 3"):
        new_profile(2, claim)


def test_only_the_owner_can_read_secrets(home: Home) -> None:
    write_profile(home, new_profile(1, claim))
    for path, mode in ((home.profile, 0o600), (home.pgpass, 0o600), (home.root, 0o700)):
        assert stat.S_IMODE(path.stat().st_mode) == mode


def test_the_password_is_in_the_password_file_and_not_in_the_url(home: Home) -> None:
    profile = new_profile(1, claim)
    write_profile(home, profile)
    url = postgres_url(home, profile)
    assert profile.password not in url
    assert home.pgpass.read_text() == f"*:*:shopstream:shopstream:{profile.password}\n"
    parsed = psycopg.conninfo.conninfo_to_dict(url)
    assert parsed["passfile"] == str(home.pgpass)
    assert int(str(parsed["port"])) == profile.ports["postgres"]


def test_no_profile_is_none_and_a_damaged_one_says_so(home: Home) -> None:
    assert read_profile(home) is None
    with pytest.raises(EnvironmentProblem, match="no profile in"):
        require_profile(home)
    home.profile.write_text('{"stack_id": "x"')
    with pytest.raises(EnvironmentProblem, match="damaged"):
        read_profile(home)


def test_only_a_taken_port_is_replaced(home: Home) -> None:
    profile = new_profile(1, claim)
    taken = profile.ports["postgres"]
    again, messages = fresh_ports(profile, lambda port: None if port == taken else claim(port))
    changed = {name for name in profile.ports if again.ports[name] != profile.ports[name]}
    assert changed == {"postgres"}
    assert len(messages) == 1


def test_a_profile_of_a_version_without_valkey_gets_what_it_lacks(home: Home) -> None:
    """Its fields and names of ports are those that stacks have on their disks."""
    home.profile.write_text(
        '{"stack_id": "s", "cluster_id": "c", "brokers": 1, "password": "p",'
        ' "ports": {"kafka-1": 20001, "kafka-controller-1": 20002, "postgres": 20003}}'
    )
    grown = with_all_ports(require_profile(home), claim)
    assert grown.bootstrap_servers == "127.0.0.1:20001"
    assert grown.valkey_nodes == ("valkey-1", "valkey-2", "valkey-3")
    assert set(grown.ports) == set(grown.port_names)
