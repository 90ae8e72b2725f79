"""Simulated people and devices on the wire: tokens that the vault knows before they are sent."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from contracts.subjects import (
    DIGEST_BYTES,
    TOKEN_LETTERS,
    TOKEN_PREFIX,
    SubjectKind,
    TokenMaker,
)
from producer.simulate.encoding.avro_columns import rows
from producer.simulate.shop.columns import Flags, Ints, Longs
from producer.subjects import Subject, Vault

TOKEN_BYTES = 30
_LETTERS = np.frombuffer(TOKEN_LETTERS.encode(), np.uint8)
# A letter has five bits, the highest one first.
_BIT_VALUES = np.array([16, 8, 4, 2, 1], np.uint8)
# Of devices that ordered. Memory stays flat; a forgotten device is settled again, to no effect.
_MOST_DEVICES = 200_000


class People:
    """Tokens by the number of a shopper or device; the browser's cookie identifies a guest."""

    def __init__(self, vault: Vault, prefix: str, guests: Flags) -> None:
        self._vault = vault
        self._maker = TokenMaker(vault.secret())
        self._prefix = prefix
        self._guests = guests
        self._known = np.zeros(len(guests), np.bool_)
        self.tokens: NDArray[np.uint8] = np.zeros((len(guests), TOKEN_BYTES), np.uint8)
        self._devices: dict[int, bytes] = {}
        self._new: list[Subject] = []

    def meet(self, shoppers: Ints) -> None:
        """Make the tokens of shoppers not met before; `tokens` then holds them, one per row."""
        met = np.unique(shoppers[~self._known[shoppers]])
        if not len(met):
            return
        self.tokens[met] = self._tokens(
            [
                ("device", f"{self._prefix}-cookie-{shopper}")
                if guest
                else ("customer", f"{self._prefix}-shopper-{shopper}")
                for shopper, guest in zip(met.tolist(), self._guests[met].tolist(), strict=True)
            ]
        )
        self._known[met] = True

    def devices(self, numbers: Longs) -> list[bytes]:
        """The tokens of devices."""
        if len(self._devices) > _MOST_DEVICES:
            self._devices.clear()
        wanted = numbers.tolist()
        if new := [number for number in dict.fromkeys(wanted) if number not in self._devices]:
            tokens = self._tokens([("device", f"{self._prefix}-device-{one}") for one in new])
            self._devices.update(zip(new, rows(tokens), strict=True))
        return [self._devices[number] for number in wanted]

    def settle(self) -> None:
        """Let the vault remember who is new; call it before sending."""
        if self._new:
            self._vault.remember(self._new)
            self._new = []

    def _tokens(self, people: list[tuple[SubjectKind, str]]) -> NDArray[np.uint8]:
        """The tokens of kinds and real ids, one per row; `settle` tells the vault of them."""
        made = letters(b"".join([self._maker.digest(kind, real_id) for kind, real_id in people]))
        text = made.tobytes().decode()
        starts = range(0, len(text), TOKEN_BYTES)
        self._new += [
            Subject(text[start : start + TOKEN_BYTES], kind, real_id)
            for start, (kind, real_id) in zip(starts, people, strict=True)
        ]
        return made


def letters(digests: bytes) -> NDArray[np.uint8]:
    """The tokens of these digests, one per row: `TokenMaker.token` for many at once."""
    bits = np.unpackbits(np.frombuffer(digests, np.uint8)).reshape(-1, 8 * DIGEST_BYTES)
    padded = np.pad(bits, ((0, 0), (0, -bits.shape[1] % len(_BIT_VALUES))))
    tokens = np.empty((len(bits), TOKEN_BYTES), np.uint8)
    tokens[:, : len(TOKEN_PREFIX)] = np.frombuffer(TOKEN_PREFIX.encode(), np.uint8)
    tokens[:, len(TOKEN_PREFIX) :] = _LETTERS[
        padded.reshape(len(bits), -1, len(_BIT_VALUES)) @ _BIT_VALUES
    ]
    return tokens
