"""How many of the records of each topic are good?

Grain: one row per (topic, 5-minute window of append time).
"""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa
import pyarrow.compute as pc

from contracts.tables.questions.quality import ANSWER
from emr_jobs.kernel.merge import Merge, total
from emr_jobs.kernel.question import Question, Settings

WINDOW = "5 minutes"
_MERGE = Merge(ANSWER.table, {"silver": total, "duplicate": total, "quarantine": total})


def prepare(_settings: Settings) -> Callable[[pa.Table], pa.Table]:
    """A step from outcomes, counted per topic and window in any parts, to each window's counts."""

    def reduced(outcomes: pa.Table) -> pa.Table:
        counts = {
            name: pc.if_else(pc.equal(outcomes["outcome"], name), outcomes["records"], 0)
            for name in _MERGE.columns
        }
        rows = pa.table({name: outcomes[name] for name in ANSWER.table.key} | counts)
        sums = rows.group_by(list(ANSWER.table.key)).aggregate([(name, "sum") for name in counts])
        return sums.rename_columns([name.removesuffix("_sum") for name in sums.column_names])

    return reduced


QUESTION = Question(ANSWER, prepare, _MERGE)
