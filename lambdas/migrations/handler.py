"""Apply the Postgres tables of the contracts. Input: CloudFormation's event on a deployment, or any
other; answer: how many statements ran."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lambdas.database import secret_password
from lambdas.migrations.wiring import apply
from lambdas.process import environment


def handle(event: Mapping[str, Any], _context: object) -> dict[str, Any]:
    """Bring the database up to date; safe to call again. Taking a stack down changes nothing."""
    if event.get("RequestType") == "Delete":
        return {"PhysicalResourceId": "tables"}
    given = environment()
    password = secret_password(given["POSTGRES_SECRET"])
    count = apply(given["POSTGRES_URL"], password=password, sign_in=given["SIGN_IN_ROLE"])
    return {"PhysicalResourceId": "tables", "Data": {"statements": count}}
