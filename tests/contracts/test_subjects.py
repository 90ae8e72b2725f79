"""Subject tokens: stable, distinct by kind, id and secret."""

from __future__ import annotations

from contracts.subjects import subject_token

SECRET = bytes(range(32))


def test_a_token_never_changes() -> None:
    # Every event ever sent holds such tokens: another value would give each customer a second one.
    assert subject_token(SECRET, "customer", "17850") == "sub_hzlv3msboziywkkuywzj637pta"


def test_tokens_differ_by_kind_id_and_secret() -> None:
    tokens = {
        subject_token(SECRET, "customer", "17850"),
        subject_token(SECRET, "device", "17850"),
        subject_token(SECRET, "customer", "17851"),
        subject_token(b"another secret", "customer", "17850"),
    }
    assert len(tokens) == 4
