"""`doctor --aws --env`: zones, versions and uploads that an environment needs are there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cdk.settings import settings
from ops.commands.doctor.diagnosis import BAD, GOOD, NOTE
from tests.ops.commands.doctor.account import EMR, KAFKA_API, REGION, Account, examined

SERVERLESS = replace(settings("dev"), alarm_email="operator@our-shop.eu")
KEY = f"arn:aws:kms:{REGION}:111122223333:key/0f0e"
IN_BCD = replace(SERVERLESS, zones=tuple(f"{REGION}{zone}" for zone in "bcd"))


@pytest.mark.parametrize(
    ("account", "check", "verdict", "says"),
    [
        pytest.param(
            Account(IN_BCD, endpoints_in="abcd", aurora_in="abcd"),
            "zones",
            BAD,
            f"{REGION}d not available here",
            id="a zone that the region does not have",
        ),
        pytest.param(
            Account(SERVERLESS, aurora_in="ab"),
            "Postgres version",
            BAD,
            f"Aurora PostgreSQL 18.4 is not in {REGION}c",
            id="a zone without Aurora",
        ),
        pytest.param(
            Account(SERVERLESS, aurora_in=""),
            "Postgres version",
            BAD,
            "Aurora PostgreSQL 18.4 is not offered as Serverless v2",
            id="a region without the version of Aurora",
        ),
        pytest.param(
            Account(SERVERLESS, valkey=("8.2.1", "9.1.0")),
            "Valkey version",
            BAD,
            "Valkey 9.0 is not offered",
            id="a region without the version of Valkey",
        ),
        pytest.param(
            Account(replace(SERVERLESS, account="210987654321", region=REGION)),
            "account",
            BAD,
            f"111122223333 {REGION}",
            id="another account",
        ),
        pytest.param(
            Account(replace(SERVERLESS, account="111122223333", region="eu-west-1")),
            "account",
            BAD,
            f"111122223333 {REGION}",
            id="another region",
        ),
        pytest.param(
            Account(SERVERLESS, uploads_key=KEY),
            "uploads",
            BAD,
            f"cdk-hnb659fds-assets-111122223333-{REGION} is encrypted with {KEY}",
            id="a key that nobody who runs may use",
        ),
        pytest.param(
            Account(SERVERLESS, errors={"get_bucket_encryption": "NoSuchBucket"}),
            "uploads",
            NOTE,
            f"cdk-hnb659fds-assets-111122223333-{REGION} is not there yet",
            id="an account that was not bootstrapped",
        ),
    ],
)
def test_what_would_fail_is_named(account: Account, check: str, verdict: str, says: str) -> None:
    others = [each for each in examined(account) if each.verdict != GOOD]
    assert [(each.check, each.verdict, each.found) for each in others] == [(check, verdict, says)]
    assert others[0].advice


def test_a_service_that_is_not_in_a_zone_is_named_with_the_zones_that_have_it() -> None:
    four = ("available",) * 4
    found = [
        each
        for each in examined(Account(SERVERLESS, zones=four, endpoints_in="abd"))
        if each.verdict != GOOD
    ]
    assert [each.found for each in found] == [
        f"{name} is not in {REGION}c" for name in (KAFKA_API, EMR["serverless"])
    ]
    good = ", ".join(f"{REGION}{zone}" for zone in "abd")
    assert {each.advice for each in found} == {f"set zones to three of {good}"}


def test_zones_that_are_set_are_those_that_are_asked_about() -> None:
    account = Account(IN_BCD, zones=("available",) * 4, endpoints_in="bcd", aurora_in="bcd")
    assert {each.verdict for each in examined(account)} == {GOOD}


def test_a_key_that_is_set_is_good() -> None:
    account = Account(replace(SERVERLESS, assets_key=KEY), uploads_key=KEY)
    assert {each.verdict for each in examined(account)} == {GOOD}
