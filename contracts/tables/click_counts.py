"""What the answers about clicks count."""

from __future__ import annotations

from contracts.tables.columns import Column

CLICK_COUNTS = (Column("views", "bigint"), Column("carts", "bigint"), Column("purchases", "bigint"))
