"""The actions of operators, as statements: pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from contracts.hot_keys import HOT_STORE_MARK
from lambdas.json_values import plain

MAX_ROWS = 1_000
# Lambda answers with at most 6 MB.
MAX_BYTES = 5_000_000
_STATUS = """
SELECT name AS application, state, detail, driver, epoch,
    extract(epoch FROM clock_timestamp() - heartbeat_at)::bigint AS silent_seconds,
    last.sequence AS batches, last.committed_at AS last_commit
FROM applications
LEFT JOIN LATERAL (
    SELECT sequence, committed_at FROM journal
    WHERE application = name ORDER BY sequence DESC LIMIT 1
) AS last ON TRUE
ORDER BY name
"""
# What the runbook asks for, by the name of the action: nobody changes a store by hand.
REMEDIES: Mapping[str, str] = {
    "push-hot-answers": f"""
UPDATE published SET changed_in = -1 WHERE table_name = '{HOT_STORE_MARK}'
RETURNING table_name AS projection, changed_in
""",
}
ACTIONS = ("status", "sql", "tail", *REMEDIES)
MAX_RECORDS = 100


class NoSuchAction(ValueError):
    """What was asked for is not an action, or lacks something."""


@dataclass(frozen=True)
class Tail:
    """The `last` records of a topic."""

    topic: str
    last: int


def tail_of(request: Mapping[str, Any]) -> Tail:
    """What a request to see a topic asks for; raises NoSuchAction."""
    topic, last = request.get("topic"), request.get("last", 10)
    if not isinstance(topic, str):
        raise NoSuchAction("tail: the topic is missing")
    if not isinstance(last, int) or not 1 <= last <= MAX_RECORDS:
        raise NoSuchAction(f"tail: last is 1 to {MAX_RECORDS}")
    return Tail(topic, last)


def newest_that_fit(records: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The answer: the newest of the records, oldest first, as many as an answer may hold."""
    size, kept = 0, 0
    for each in reversed(records):
        size += len(json.dumps(each).encode())
        if size > MAX_BYTES:
            break
        kept += 1
    return {"records": list(records[len(records) - kept :]), "truncated": kept < len(records)}


def statement(request: Mapping[str, Any]) -> str:
    """The one statement that answers a request; raises NoSuchAction."""
    action = request.get("action")
    if isinstance(action, str) and action in REMEDIES:
        return REMEDIES[action]
    if action == "status":
        return _STATUS
    if action != "sql":
        raise NoSuchAction(f"no action {action!r}; known: {', '.join(ACTIONS)}")
    query = request.get("query")
    if not isinstance(query, str) or not query.strip():
        raise NoSuchAction("sql: the query is missing")
    return query.strip().rstrip(";")


def document(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> dict[str, Any]:
    """The answer, cut where a function's answer would be too long. `rows` may be one more than
    MAX_ROWS, which says that there are more."""
    shown: list[list[object]] = []
    size = 0
    for row in rows[:MAX_ROWS]:
        values = [plain(value) for value in row]
        size += len(json.dumps(values).encode())
        if size > MAX_BYTES:
            break
        shown.append(values)
    return {"columns": list(columns), "rows": shown, "truncated": len(shown) < len(rows)}
