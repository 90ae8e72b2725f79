"""The optimizers that a table should have: pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal

from contracts.tables.lake import KEPT_SNAPSHOTS

Kind = Literal["compaction", "retention", "orphan_file_deletion"]
Configuration = dict[str, Any]

# No snapshot knows the files of a commit that is under way. No commit lasts this long.
_ORPHAN_DAYS = 3


def wanted_optimizers(role: str, snapshot_hours: int) -> dict[Kind, Configuration]:
    """The optimizers of every table. `role` is the ARN of the role that Glue takes. Glue counts
    whole days, so at least `snapshot_hours` are kept."""
    chosen: dict[Kind, Configuration] = {
        "compaction": {"compactionConfiguration": {"strategy": "binpack"}},
        "retention": {
            "retentionConfiguration": {
                "snapshotRetentionPeriodInDays": math.ceil(snapshot_hours / 24),
                "numberOfSnapshotsToRetain": KEPT_SNAPSHOTS,
                "cleanExpiredFiles": True,
            }
        },
        "orphan_file_deletion": {
            "orphanFileDeletionConfiguration": {"orphanFileRetentionPeriodInDays": _ORPHAN_DAYS}
        },
    }
    return {
        kind: {
            "roleArn": role,
            "enabled": True,
            **{name: {"icebergConfiguration": settings} for name, settings in own.items()},
        }
        for kind, own in chosen.items()
    }


def fulfils(current: Mapping[str, Any], asked: Mapping[str, Any]) -> bool:
    """Whether `current` has everything that is asked. Glue adds values of its own choice."""
    return all(
        fulfils(current.get(name, {}), value)
        if isinstance(value, Mapping)
        else current.get(name) == value
        for name, value in asked.items()
    )
