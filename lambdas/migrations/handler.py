"""Apply the Postgres tables of the contracts. Input: any event; answer: how many statements ran."""

from __future__ import annotations

from lambdas.migrations.wiring import Settings, apply


def handle(_event: object, _context: object) -> dict[str, int]:
    """Bring the database up to date; safe to call again."""
    return {"statements": apply(Settings.from_environment())}
