"""Alerts that Postgres finds in the orders it holds."""

from __future__ import annotations

import pyarrow as pa

from emr_jobs.questions.fraud_windows import COLUMNS, Statement
from emr_jobs.stores.answers import Pg

_UTC_MICROS = pa.timestamp("us", "UTC")
_TYPES = {
    "rule_version": pa.int32(),
    "window_start": _UTC_MICROS,
    "event_time": _UTC_MICROS,
    "append_time": _UTC_MICROS,
}
_SCHEMA = pa.schema([(name, _TYPES.get(name, pa.string())) for name in COLUMNS])


def found_alerts(connection: Pg, statement: Statement) -> pa.Table:
    """The rows of a statement of `fraud_windows`, in the batch's transaction."""
    rows = connection.execute(statement.sql.encode(), statement.parameters).fetchall()
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(COLUMNS)
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, _SCHEMA, strict=True)], _SCHEMA)
