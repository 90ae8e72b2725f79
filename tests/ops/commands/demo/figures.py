"""Figures of a shop, as the demo shows them."""

from __future__ import annotations

from decimal import Decimal

from ops.commands.demo.live_figures import Figures, Ranked
from ops.commands.demo.live_shoppers import ShopperFigures, Trend

SOME_FIGURES = Figures(
    orders={"placed": 1812, "cancelled": 31},
    revenue={"GBP": Decimal("52610.49")},
    categories=[Ranked("kitchen", "GBP", 410, Decimal("9100.10"))],
    locations=[Ranked("United Kingdom", "GBP", 1700, Decimal("48000.00"))],
    alerts={"high_amount": 12, "suspicious_location": 2},
    shoppers=ShopperFigures(
        clicks=2310,
        sessions=402,
        trending=[Trend("SKU-7", "toys", 41), Trend("SKU-3", "garden", 1_300)],
        viewer="sub_a",
        viewed=["SKU-3", "SKU-9"],
    ),
    silver=1800,
    duplicate=3,
    quarantine=1,
    lag={"ingest": 40, "orders": 0},
)
NOBODY = Figures(**{**vars(SOME_FIGURES), "shoppers": ShopperFigures(), "alerts": {}})
CAUGHT_UP = Figures(**{**vars(SOME_FIGURES), "lag": {"ingest": 0, "orders": 0}})
