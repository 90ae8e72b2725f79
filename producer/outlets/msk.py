"""Tokens to sign in to MSK, made from the credentials of AWS that the caller has."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, TypeAlias

from aws_msk_iam_sasl_signer import MSKAuthTokenProvider
from botocore.credentials import CredentialProvider
from botocore.exceptions import BotoCoreError, ClientError
from botocore.session import Session

from contracts.errors import EnvironmentProblem

# A metadata service that is not there may keep a look-up waiting.
PATIENCE_SECONDS = 8.0
_HELP = "aws sts get-caller-identity shows which credentials there are"

Token: TypeAlias = tuple[str, float]


def msk_credentials() -> Any:
    """The credentials of AWS's usual chain; None without any."""
    return Session().get_credentials()


def msk_token(region: str, load: Callable[[], Any]) -> Token:
    """A token of what `load` gives, and until when it may be used, in seconds since 1970: no longer
    than the session that it was made from. EnvironmentProblem without credentials that are good."""
    try:
        credentials = load()
        if credentials is None:
            raise _no_credentials("AWS has no credentials here")
        # Credentials that have an end are renewed here, where they can be, before they sign.
        frozen = credentials.get_frozen_credentials()
        session_end = getattr(credentials, "_expiry_time", None)

        # The signer would look for credentials of its own.
        provider = type("Frozen", (CredentialProvider,), {"load": lambda _self: frozen})
        token, expires_ms = MSKAuthTokenProvider.generate_auth_token_from_credentials_provider(
            region, provider()
        )
    # A session that has ended and cannot be renewed is a RuntimeError of botocore's.
    except (BotoCoreError, ClientError, ValueError, RuntimeError) as error:
        raise _no_credentials(f"AWS gives no usable credentials: {error}") from error
    expires = expires_ms / 1000
    return token, expires if session_end is None else min(expires, session_end.timestamp())


def in_time(make: Callable[[], Token], seconds: float = PATIENCE_SECONDS) -> Token:
    """The token; EnvironmentProblem when there is none within so many seconds."""
    made: list[Token] = []
    failed: list[EnvironmentProblem] = []

    def attempt() -> None:
        try:
            made.append(make())
        except EnvironmentProblem as problem:
            failed.append(problem)

    thread = threading.Thread(target=attempt, name="msk-token", daemon=True)
    thread.start()
    thread.join(seconds)
    if failed:
        raise failed[0]
    if not made:
        raise _no_credentials(f"AWS gave no credentials within {seconds:g} s")
    return made[0]


def _no_credentials(what: str) -> EnvironmentProblem:
    return EnvironmentProblem(
        f"cannot sign in to MSK: {what}",
        cause="no profile, role or variables of AWS are set, or their session has ended",
        command=_HELP,
    )
