"""Wire integers to exact decimals."""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F


def scaled(integer: Column, scale: int) -> Column:
    """An integer number of 10**-`scale` units as an exact decimal(18, `scale`)."""
    unit = F.lit(f"{10**-scale:.{scale}f}").cast(f"decimal({scale},{scale})")
    return (integer.cast("decimal(18,0)") * unit).cast(f"decimal(18,{scale})")
