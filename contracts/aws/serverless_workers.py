"""Workers of EMR Serverless: what a driver or an executor asks for, and what is offered.

Sizes are those of AWS's guide, "Understanding application behavior in EMR Serverless".
"""

from __future__ import annotations

import math
import re
from decimal import Decimal

from contracts.aws.spark_submit import Sizes

# Spark asks for a tenth more than the memory of a driver or executor, and at least 384 MiB more.
_OVERHEAD, _LEAST_OVERHEAD = Decimal("0.1"), Decimal("0.375")
# vCPU -> the most GB of memory.
_OFFERED = {1: 8, 2: 16, 4: 30, 8: 60, 16: 120, 32: 244}


def worker_gb(memory: str) -> int:
    """Whole GB of a worker whose Spark has `memory`, such as ``6g``; raises ValueError."""
    found = re.fullmatch(r"(\d+)g", memory)
    if found is None:
        raise ValueError(f"memory {memory!r}: whole gigabytes, such as 6g")
    asked = Decimal(found[1])
    return math.ceil(asked + max(_LEAST_OVERHEAD, asked * _OVERHEAD))


def refusal(sizes: Sizes) -> str | None:
    """Why EMR Serverless offers no workers of these sizes; None where it does."""
    drivers = _refusal(sizes.driver_cores, sizes.driver_memory)
    return drivers or _refusal(sizes.executor_cores, sizes.executor_memory)


def _refusal(cores: int, memory: str) -> str | None:
    if cores not in _OFFERED:
        return f"{cores} cores, a worker has one of {', '.join(map(str, _OFFERED))}"
    try:
        asked = worker_gb(memory)
    except ValueError as problem:
        return str(problem)
    most = _OFFERED[cores]
    return (
        f"{memory} is {asked} GB of a worker, {cores} cores have {most}" if asked > most else None
    )
