"""What a transform is: rows in, rows out, its columns made once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from pyspark.sql import DataFrame

# From a batch's rows to a batch's rows. Its columns are made before the first batch, for every
# batch: they take thousands of calls into the JVM.
Step: TypeAlias = Callable[[DataFrame], DataFrame]
