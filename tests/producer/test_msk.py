"""Sign-in to MSK: one clear message without credentials, and no token that outlives its session."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.credentials import Credentials, RefreshableCredentials

from contracts.errors import EnvironmentProblem
from producer.outlets.kafka import security
from producer.outlets.msk import in_time, msk_token

REGION = "eu-central-1"
# What a token lasts by itself.
TOKEN_SECONDS = 900
KEYS = {"access_key": "AKIAIOSFODNN7EXAMPLE", "secret_key": "secret", "token": "session"}


def session(minutes: float) -> Any:
    """Credentials of a session that ends in so many minutes, and is not renewed."""
    end = datetime.now(UTC) + timedelta(minutes=minutes)

    def again() -> dict[str, str]:
        return {**KEYS, "expiry_time": end.isoformat()}

    return RefreshableCredentials.create_from_metadata(again(), again, "test", 1, 1)


@pytest.mark.parametrize(
    ("minutes", "least", "most"),
    [
        pytest.param(5, 290, 300, id="a session shorter than a token"),
        pytest.param(60, 890, TOKEN_SECONDS, id="a session longer than a token"),
    ],
)
def test_a_token_never_outlives_its_session(minutes: float, least: float, most: float) -> None:
    now = time.time()
    token, expires = msk_token(REGION, lambda: session(minutes))
    assert token
    assert least <= expires - now <= most + 1


def test_keys_without_an_end_give_a_token_of_its_usual_length() -> None:
    now = time.time()
    _, expires = msk_token(REGION, lambda: Credentials("AKIAIOSFODNN7EXAMPLE", "secret"))
    assert TOKEN_SECONDS - 10 <= expires - now <= TOKEN_SECONDS + 1


def fails() -> Any:
    raise ValueError("the profile is empty")


@pytest.mark.parametrize(
    ("load", "said"),
    [
        pytest.param(lambda: None, "AWS has no credentials here", id="none at all"),
        pytest.param(lambda: Credentials("", ""), "can not be empty", id="empty keys"),
        pytest.param(fails, "the profile is empty", id="a chain that fails"),
        pytest.param(lambda: session(-5), "expired", id="a session that has ended"),
    ],
)
def test_without_good_credentials_one_message_says_so(load: Any, said: str) -> None:
    with pytest.raises(EnvironmentProblem, match=f"cannot sign in to MSK: .*{said}") as problem:
        in_time(lambda: msk_token(REGION, load))
    assert problem.value.exit_code == 4
    assert "get-caller-identity" in problem.value.command


def test_a_chain_that_does_not_answer_is_not_waited_for() -> None:
    began = time.monotonic()
    with pytest.raises(EnvironmentProblem, match=r"no credentials within 0\.1 s"):
        in_time(lambda: msk_token(REGION, lambda: time.sleep(5)), seconds=0.1)
    assert time.monotonic() - began < 4


def test_a_producer_is_told_before_it_looks_for_a_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("producer.outlets.msk.msk_credentials", lambda: None)
    with pytest.raises(EnvironmentProblem, match="AWS has no credentials here"):
        security("msk-iam", REGION)


def test_a_local_broker_needs_no_token() -> None:
    assert security("none", "") == {}
