"""Answer an operator. Input: ``{"action": "status"}``, ``{"action": "sql", "query": ...}``,
``{"action": "tail", "topic": ..., "last": ...}`` or ``{"action": REMEDY}``, from whoever may invoke
the function. Answer: columns and rows, or records, and whether there are more; or ``error``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg

from contracts.errors import ShopstreamError
from lambdas.database import connect
from lambdas.operations.logic import (
    REMEDIES,
    NoSuchAction,
    document,
    newest_that_fit,
    statement,
    tail_of,
)
from lambdas.operations.wiring import mend, newest, read
from lambdas.process import environment
from lambdas.schemas import registry


def handle(request: Mapping[str, Any], _context: object) -> dict[str, Any]:
    """Answer one request. Only a remedy changes anything, as a user who may do nothing else."""
    given = environment()
    try:
        if request.get("action") == "tail":
            schemas = registry(given["REGISTRY"])
            return newest_that_fit(newest(tail_of(request), given["KAFKA"], schemas))
        wanted = statement(request)
        remedy = request["action"] in REMEDIES
        user, act = ("OPERATOR_URL", mend) if remedy else ("POSTGRES_URL", read)
        with connect(given[user]) as connection:
            return document(*act(connection, wanted))
    except (NoSuchAction, ShopstreamError) as problem:
        return {"error": str(problem)}
    except psycopg.Error as problem:
        return {"error": f"Postgres: {str(problem).strip()}"}
