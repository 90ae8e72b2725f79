"""A running stack, with the addresses and folders that the other commands need."""

from __future__ import annotations

from dataclasses import dataclass

from contracts.errors import NotReady
from local.home import Home
from local.profile import Profile, postgres_url, read_profile, valkey_url
from local.supervisor.published import Snapshot, running
from ops.settings import CommandSettings


@dataclass(frozen=True)
class Stack:
    """The addresses and folders of a running stack."""

    home: Home
    profile: Profile
    snapshot: Snapshot

    @property
    def bootstrap_servers(self) -> str:
        return self.profile.bootstrap_servers

    @property
    def postgres_url(self) -> str:
        return postgres_url(self.home, self.profile)

    @property
    def valkey_url(self) -> str:
        return valkey_url(self.home, self.profile)


def current_home() -> Home:
    """The state folder that this process works on."""
    return Home(CommandSettings.from_environment().home)


def open_stack(home: Home | None = None) -> Stack:
    """The running stack of a state folder; raises NotReady when none runs there."""
    home = home or current_home()
    profile = read_profile(home)
    snapshot = running(home)
    if profile is None or snapshot is None:
        raise NotReady(
            f"no stack is running in {home.root}",
            cause="it was not started, or it was stopped",
            command="shopstream up",
            log=home.log("supervisor") if home.log("supervisor").exists() else None,
        )
    return Stack(home, profile, snapshot)
