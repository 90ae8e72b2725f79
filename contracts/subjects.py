"""Subject tokens: how a person's or device's real id is named in every event."""

from __future__ import annotations

from hashlib import sha256
from typing import Literal

SubjectKind = Literal["customer", "device"]
# `purpose` of the secret's row in the vault.
TOKEN_PURPOSE = "subject-token"
# A token is the prefix and 26 letters.
TOKEN_PREFIX = "sub_"
DIGEST_BYTES = 16
TOKEN_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
# Two letters (10 bits) are looked up at once.
_PAIRS = tuple(first + second for first in TOKEN_LETTERS for second in TOKEN_LETTERS)
# The 128 bits of a digest and two zero bits make 13 pairs.
_SHIFTS = tuple(range(120, -1, -10))


def subject_token(secret: bytes, kind: SubjectKind, real_id: str) -> str:
    """The token of a real id. Equal ids of one kind have equal tokens, and without `secret` a token
    tells nothing about the id."""
    return TokenMaker(secret).token(kind, real_id)


class TokenMaker:
    """Makes the tokens of one secret, three times as fast as `subject_token` does.

    A token is the first half of an HMAC-SHA-256 (RFC 2104) in base 32 (RFC 4648, lower case). The
    state of the hash before a message depends on the secret alone, so it is computed once.
    """

    def __init__(self, secret: bytes) -> None:
        block = sha256().block_size
        key = (sha256(secret).digest() if len(secret) > block else secret).ljust(block, b"\0")
        self._inner = sha256(bytes(byte ^ 0x36 for byte in key))
        self._outer = sha256(bytes(byte ^ 0x5C for byte in key))

    def token(self, kind: SubjectKind, real_id: str) -> str:
        """The token that `subject_token` makes."""
        bits = int.from_bytes(self.digest(kind, real_id), "big") << 2
        return TOKEN_PREFIX + "".join([_PAIRS[bits >> shift & 1023] for shift in _SHIFTS])

    def digest(self, kind: SubjectKind, real_id: str) -> bytes:
        """The `DIGEST_BYTES` bytes that a token writes as letters."""
        inner = self._inner.copy()
        inner.update(f"{kind}:{real_id}".encode())
        outer = self._outer.copy()
        outer.update(inner.digest())
        return outer.digest()[:DIGEST_BYTES]
