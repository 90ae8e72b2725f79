"""The users of Postgres where each part has one of its own (`contracts.tables.grants`)."""

from __future__ import annotations

JOBS, READER, NOTIFIER = "shopstream_jobs", "shopstream_reader", "shopstream_notifier"
# Does the remedies of the runbook, and nothing else.
OPERATOR = "shopstream_operator"
