"""Who the simulated people and devices are on the wire: tokens, settled with the vault first."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from contracts.subjects import SubjectKind, TokenMaker
from producer.simulate.columns import Flags, Ints, Longs
from producer.subjects import Subject, Vault

TOKEN_BYTES = 30
# Devices that ordered; memory stays flat, and one forgotten is settled again to no effect.
_MOST_DEVICES = 200_000


class People:
    """Tokens by the number of a shopper or device; a guest is known by the browser's cookie."""

    def __init__(self, vault: Vault, prefix: str, guests: Flags) -> None:
        self._vault = vault
        self._maker = TokenMaker(vault.secret())
        self._prefix = prefix
        self._guests = guests
        self._known = np.zeros(len(guests), np.bool_)
        self.tokens: NDArray[np.uint8] = np.zeros((len(guests), TOKEN_BYTES), np.uint8)
        self._devices: dict[int, str] = {}
        self._new: list[Subject] = []

    def meet(self, shoppers: Ints) -> None:
        """Make the tokens of shoppers not met before; afterwards `tokens` holds them, one a row."""
        met = np.unique(shoppers[~self._known[shoppers]])
        if not len(met):
            return
        made = [
            self._token("device", f"{self._prefix}-cookie-{shopper}")
            if guest
            else self._token("customer", f"{self._prefix}-shopper-{shopper}")
            for shopper, guest in zip(met.tolist(), self._guests[met].tolist(), strict=True)
        ]
        letters = np.frombuffer("".join(made).encode(), np.uint8)
        self.tokens[met] = letters.reshape(len(met), TOKEN_BYTES)
        self._known[met] = True

    def devices(self, numbers: Longs) -> list[str]:
        """The tokens of devices."""
        if len(self._devices) > _MOST_DEVICES:
            self._devices.clear()
        for number in numbers.tolist():
            if number not in self._devices:
                self._devices[number] = self._token("device", f"{self._prefix}-device-{number}")
        return [self._devices[number] for number in numbers.tolist()]

    def settle(self) -> None:
        """Have the vault remember who is new; call it before sending."""
        if self._new:
            self._vault.remember(self._new)
            self._new = []

    def _token(self, kind: SubjectKind, real_id: str) -> str:
        token = self._maker.token(kind, real_id)
        self._new.append(Subject(token, kind, real_id))
        return token
