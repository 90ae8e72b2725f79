"""`shopstream quarantine list|show`: the records that could not be used, and why."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from contracts.errors import Usage
from contracts.rejections import REASONS
from contracts.topics import TOPICS
from ops import console
from ops.commands.sql.command import rows
from ops.commands.sql.session import open_session
from ops.console import AsJson
from ops.stack import open_stack

SHOWN = 20

# Athena reads it too.
COUNTS = """
    SELECT topic, reason, count(*) AS records, min(append_time) AS first, max(append_time) AS last
    FROM bronze.quarantine
    GROUP BY topic, reason
    ORDER BY topic, records DESC, reason
"""
# A value may hold a person's data, so its bytes are shown on demand alone.
_ROWS = """
    SELECT topic, partition, "offset", append_time, reason, detail, event_id, schema_id,
           octet_length(value) AS value_bytes, {value} AS value
    FROM bronze.quarantine
    WHERE {conditions}
    ORDER BY append_time DESC, topic, partition, "offset" DESC
    LIMIT {limit}
"""


quarantine = typer.Typer(no_args_is_help=True, help="Look at the records that are not events.")


@quarantine.command("list")
def list_reasons(as_json: AsJson = False) -> None:
    """How many records by topic and reason."""
    names = ("topic", "reason", "records", "first", "last")
    found = _ask(COUNTS)
    if as_json:
        console.answer_json([dict(zip(names, row, strict=True)) for row in found])
    elif found:
        console.table(names, found)
    else:
        console.line("nothing is in quarantine")


@quarantine.command()
def show(
    *,
    reason: Annotated[str | None, typer.Option(help="Only this reason.")] = None,
    topic: Annotated[str | None, typer.Option(help="Only this topic.")] = None,
    limit: Annotated[int, typer.Option(help="At most this many, newest first.", min=1)] = SHOWN,
    raw: Annotated[bool, typer.Option("--raw", help="Show the bytes in hex.")] = False,
    as_json: AsJson = False,
) -> None:
    """The newest records with origin, reason and detail; their bytes only with --raw."""
    query = query_of(reason=reason, topic=topic, limit=limit, raw=raw)
    found = [_named(row, raw) for row in _ask(query)]
    if as_json:
        console.answer_json(found)
    elif found:
        console.table(list(found[0]), [list(map(_cell, row.values())) for row in found])
    else:
        console.line("nothing in quarantine fits")


def query_of(*, reason: str | None, topic: str | None, limit: int, raw: bool) -> str:
    """The SELECT for `show`; Usage on a reason or topic that nothing can have."""
    topics = [one.name for one in TOPICS]
    for what, given, known in (("reason", reason, REASONS), ("topic", topic, topics)):
        if given is not None and given not in known:
            raise Usage(
                f"there is no {what} {given!r}; known: {', '.join(known)}",
                command="shopstream quarantine list",
            )
    # Both are one of a few known words, so they can stand in the text as they are.
    conditions = [f"reason = '{reason}'"] if reason else []
    conditions += [f"topic = '{topic}'"] if topic else []
    return _ROWS.format(
        value="hex(value)" if raw else "NULL",
        conditions=" AND ".join(conditions) or "true",
        limit=limit,
    )


def _ask(query: str) -> list[list[Any]]:
    with open_session(open_stack()) as session:
        return list(rows(session.query(query)))


def _named(row: list[Any], raw: bool) -> dict[str, Any]:
    topic, partition, offset, *about, value = row
    names = ("append_time", "reason", "detail", "event_id", "schema_id", "bytes")
    shown = {"record": f"{topic}-{partition}@{offset}"} | dict(zip(names, about, strict=True))
    return shown | {"value": value} if raw else shown


def _cell(value: Any) -> str:
    return "" if value is None else str(value)
