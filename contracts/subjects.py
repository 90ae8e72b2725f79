"""Subject tokens: how a person's or device's real id is named in every event."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Literal

SubjectKind = Literal["customer", "device"]
# `purpose` of the secret's row in the vault.
TOKEN_PURPOSE = "subject-token"
_PREFIX = "sub_"
_DIGEST_BYTES = 16


def subject_token(secret: bytes, kind: SubjectKind, real_id: str) -> str:
    """The token of a real id: equal for equal ids of one kind; tells nothing without `secret`."""
    digest = hmac.digest(secret, f"{kind}:{real_id}".encode(), hashlib.sha256)[:_DIGEST_BYTES]
    return _PREFIX + base64.b32encode(digest).decode().rstrip("=").lower()
