"""Subject tokens: real ids go in, tokens come out, and the vault remembers who is who."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from hashlib import sha256
from typing import NamedTuple, Protocol

from contracts.subjects import SubjectKind, subject_token

# Memory stays flat in a shop of millions. A forgotten subject is remembered again, to no effect.
_MOST_CACHED = 100_000


class Subject(NamedTuple):
    """A person or device, by token and by real id."""

    token: str
    kind: SubjectKind
    real_id: str


class Vault(Protocol):
    """Keeps the real ids; nothing else knows them."""

    def secret(self) -> bytes:
        """The secret of the tokens: made once, then the same for every process for ever."""

    def remember(self, subjects: Sequence[Subject]) -> None:
        """Keep subjects; on return they are durable. Known subjects stay as they are."""

    def close(self) -> None:
        """Give back what the vault holds."""


def data_set_key(vault: Vault, data_set: str) -> str:
    """A key that only the vault's owner can make, the same for ever: for ids that follow from what
    people did."""
    return hmac.new(vault.secret(), f"data set:{data_set}".encode(), sha256).hexdigest()[:32]


class Tokens:
    """Tokens of one kind of subject. Call `settle` before an event with a new token is sent."""

    def __init__(self, vault: Vault, kind: SubjectKind) -> None:
        self._vault = vault
        self._kind = kind
        self._secret = vault.secret()
        self._known: dict[str, str] = {}
        self._new: list[Subject] = []

    def token_of(self, real_id: str | None) -> str | None:
        """The token of a real id; None has no token."""
        if real_id is None:
            return None
        token = self._known.get(real_id)
        if token is None:
            if len(self._known) >= _MOST_CACHED:
                self._known.clear()
            token = self._known[real_id] = subject_token(self._secret, self._kind, real_id)
            self._new.append(Subject(token, self._kind, real_id))
        return token

    def settle(self) -> None:
        """Let the vault remember the new subjects."""
        if self._new:
            self._vault.remember(self._new)
            self._new = []
