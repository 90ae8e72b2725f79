"""Answer an operator. Input: ``{"action": "status"}`` or ``{"action": "sql", "query": ...}``, from
whoever may invoke the function. Answer: columns, rows and whether there are more, or ``error``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg

from lambdas.database import connect
from lambdas.operations.logic import NoSuchAction, document, statement
from lambdas.operations.wiring import read
from lambdas.process import environment


def handle(request: Mapping[str, Any], _context: object) -> dict[str, Any]:
    """Answer one request; it changes nothing."""
    try:
        wanted = statement(request)
        with connect(environment()["POSTGRES_URL"]) as connection:
            return document(*read(connection, wanted))
    except NoSuchAction as problem:
        return {"error": str(problem)}
    except psycopg.Error as problem:
        return {"error": f"Postgres: {str(problem).strip()}"}
