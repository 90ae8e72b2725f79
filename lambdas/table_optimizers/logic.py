"""Which optimizers a table has: pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal

Kind = Literal["compaction", "retention", "orphan_file_deletion"]
Configuration = dict[str, Any]

# A table that rests keeps its newest commits however old they are: the walk back from the current
# snapshot to one of ours, past the compactions after it, ends here rather than in every row.
_KEPT_SNAPSHOTS = 100
# A commit that is under way has files that no snapshot knows; none lasts this long.
_ORPHAN_DAYS = 3


def wanted(role: str, snapshot_hours: int) -> dict[Kind, Configuration]:
    """The optimizers of every table; Glue counts in whole days, and `snapshot_hours` are kept."""
    chosen: dict[Kind, Configuration] = {
        "compaction": {"compactionConfiguration": {"strategy": "binpack"}},
        "retention": {
            "retentionConfiguration": {
                "snapshotRetentionPeriodInDays": math.ceil(snapshot_hours / 24),
                "numberOfSnapshotsToRetain": _KEPT_SNAPSHOTS,
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


def holds(current: Mapping[str, Any], asked: Mapping[str, Any]) -> bool:
    """Whether `current` has all that is asked; Glue adds what it chooses itself."""
    return all(
        holds(current.get(name, {}), value)
        if isinstance(value, Mapping)
        else current.get(name) == value
        for name, value in asked.items()
    )
