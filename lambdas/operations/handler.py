"""Answer an operator. Input: ``{"action": "status"}``, ``{"action": "sql", "query": ...}`` or
``{"action": REMEDY}``, from whoever may invoke the function. Answer: columns, rows and whether
there are more, or ``error``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg

from lambdas.database import connect
from lambdas.operations.logic import REMEDIES, NoSuchAction, document, statement
from lambdas.operations.wiring import mend, read
from lambdas.process import environment


def handle(request: Mapping[str, Any], _context: object) -> dict[str, Any]:
    """Answer one request. Only a remedy changes anything, as a user who may do nothing else."""
    try:
        wanted = statement(request)
        remedy = request["action"] in REMEDIES
        user, act = ("OPERATOR_URL", mend) if remedy else ("POSTGRES_URL", read)
        with connect(environment()[user]) as connection:
            return document(*act(connection, wanted))
    except NoSuchAction as problem:
        return {"error": str(problem)}
    except psycopg.Error as problem:
        return {"error": f"Postgres: {str(problem).strip()}"}
