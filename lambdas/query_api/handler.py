"""Answers over HTTP. Input: a request of an HTTP API (payload 2.0), whose authorizer has checked
the token. Answer: JSON. Errors are ``{"error": ...}`` with 400, 404 or 503."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from functools import cache, partial
from typing import Any

import psycopg

from lambdas.database import connect
from lambdas.process import environment, now
from lambdas.query_api.logic import PATHS, BadRequest, document, query
from lambdas.query_api.wiring import KeptConnection

logger = logging.getLogger(__name__)


def handle(request: Mapping[str, Any], _context: object) -> dict[str, Any]:
    """Answer one request."""
    try:
        wanted = query(request["rawPath"], request.get("queryStringParameters") or {}, now())
    except BadRequest as problem:
        return _answer(400, {"error": str(problem)})
    if wanted is None:
        return _answer(404, {"error": f"no such path; known: {', '.join(PATHS)}"})
    try:
        columns, rows = _postgres().read(wanted)
    except psycopg.Error as problem:
        # The caller may try again. The reason is for the log, not for the caller.
        logger.error("postgres: %s", problem)
        return _answer(503, {"error": "the database cannot answer now"}, {"retry-after": "5"})
    return _answer(200, document(columns, rows, wanted.limit))


@cache
def _postgres() -> KeptConnection:
    return KeptConnection(partial(connect, environment()["POSTGRES_URL"]))


def _answer(
    status: int, body: dict[str, Any], headers: Mapping[str, str] | None = None
) -> dict[str, Any]:
    return {
        "statusCode": status,
        "headers": {
            "content-type": "application/json",
            "cache-control": "no-store",
            **(headers or {}),
        },
        "body": json.dumps(body, ensure_ascii=False, separators=(",", ":")),
    }
