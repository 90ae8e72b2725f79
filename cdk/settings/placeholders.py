"""Settings that still hold an example: a deployment with one of them fails, or tells nobody."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from cdk.settings import EnvironmentSettings

# Domains that RFC 2606 reserves: nobody signs tokens or reads mail there.
_DOMAIN = re.compile(r"(^|\.)(example\.(com|net|org)|example|test|invalid|localhost)$")
# Accounts of AWS's own examples.
_ACCOUNT = re.compile(r"\b(111122223333|123456789012|444455556666|777788889999|(\d)\2{11})\b")


def placeholders(settings: EnvironmentSettings) -> Iterator[tuple[str, str]]:
    """The name of each setting that holds an example, with the rule that it breaks."""
    issuer = settings.tokens.issuer
    if settings.api == "jwt" and is_example_domain(urlsplit(issuer).hostname or ""):
        yield "tokens", f"{issuer} is an example: set your issuer and audience, or api='cognito'"
    email = settings.alarm_email
    if email is not None and is_example_domain(email.rpartition("@")[2]):
        yield "alarm_email", f"{email} is an example: set an address that somebody reads"
    if email is None and settings.deletion_protection:
        yield "alarm_email", "is empty: set who is told of alarms"
    if settings.account is not None and _ACCOUNT.search(settings.account):
        yield "account", f"{settings.account} is an example: set the account to deploy to"
    source = settings.replicate_from
    if source is not None and _ACCOUNT.search(source.cluster_arn):
        yield "replicate_from.cluster_arn", f"{source.cluster_arn} is in an example account"


def is_example_domain(name: str) -> bool:
    """Whether RFC 2606 reserves the domain for examples."""
    return _DOMAIN.search(name.lower().rstrip(".")) is not None
