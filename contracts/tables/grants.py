"""Who may do what in Postgres where each part has a user of its own."""

from __future__ import annotations

from contracts.tables.columns import Table, quoted
from contracts.tables.postgres import (
    APPLICATIONS,
    JOURNAL,
    NOTIFIED,
    ORDER_IDS,
    ORDERS,
    POSTGRES_TABLES,
    PROGRESS,
    PUBLISHED,
    REPEATS,
    SKIPPED,
)
from contracts.tables.questions import ANSWERS
from contracts.tables.roles import JOBS, NOTIFIER, OPERATOR, READER

# The vault and the ids of orders belong to the edge, where tokens are made and orders are taken.
_JOBS_TABLES = tuple(
    table
    for table in POSTGRES_TABLES
    if table not in (NOTIFIED, ORDER_IDS) and not table.name.startswith("vault.")
)
_RUNNING = (APPLICATIONS, PROGRESS, JOURNAL, REPEATS, SKIPPED, ORDERS, PUBLISHED)


def role_statements(sign_in: str) -> tuple[str, ...]:
    """Idempotent statements that make the users, members of the role `sign_in`, and grant them what
    they need; what they no longer need is taken away."""
    rights = (
        (JOBS, "SELECT, INSERT, UPDATE, DELETE", _JOBS_TABLES),
        (READER, "SELECT", (*_RUNNING, *_readable(READER))),
        (NOTIFIER, "SELECT, INSERT, UPDATE", (NOTIFIED, *_readable(NOTIFIER))),
        # A projection that is to be pushed again.
        (OPERATOR, "SELECT, UPDATE (changed_in)", (PUBLISHED,)),
    )
    made = [statement for user, _, _ in rights for statement in _user(user, sign_in)]
    granted = [_grant(user, actions, tables) for user, actions, tables in rights]
    sequences = f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {JOBS}"
    return (*made, *granted, sequences)


def _readable(user: str) -> tuple[Table, ...]:
    return tuple(answer.table for answer in ANSWERS if user in answer.readers)


def _user(user: str, sign_in: str) -> tuple[str, ...]:
    return (
        f"DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{user}') "
        f"THEN CREATE ROLE {user} LOGIN; END IF; END $$",
        f"GRANT {sign_in} TO {user}",
        f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {user}",
    )


def _grant(user: str, actions: str, tables: tuple[Table, ...]) -> str:
    names = ", ".join(quoted(table.name) for table in tables)
    return f"GRANT {actions} ON {names} TO {user}"
