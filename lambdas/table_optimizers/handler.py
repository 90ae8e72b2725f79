"""Give every table of the lake its optimizers.

Input: a schedule's event. Answer: what was done, by table. The jobs make the tables when they first
start, so a template cannot name them: CloudFormation refuses an optimizer of a missing table.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contracts.tables.lake import LAKE_TABLES
from lambdas.process import environment
from lambdas.table_optimizers.logic import fulfils, wanted_optimizers
from lambdas.table_optimizers.wiring import Optimizers


def handle(_event: Mapping[str, Any], _context: object) -> dict[str, list[str]]:
    """Create what is missing and change what differs. It is safe to call again, and a table that is
    not made yet is left for the next call."""
    given = environment()
    optimizers = Optimizers(given["CATALOG"])
    chosen = wanted_optimizers(given["OPTIMIZER_ROLE"], int(given["SNAPSHOT_HOURS"]))
    report: dict[str, list[str]] = {}
    for table in (each.name for each in LAKE_TABLES):
        if not optimizers.table_exists(table):
            continue
        report[table] = []
        for kind, configuration in chosen.items():
            current = optimizers.current(table, kind)
            if current is None:
                optimizers.create(table, kind, configuration)
                report[table].append(f"create {kind}")
            elif not fulfils(current, configuration):
                optimizers.update(table, kind, configuration)
                report[table].append(f"change {kind}")
    return report
