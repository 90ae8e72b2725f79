"""What a running stack tells of its shoppers: sessions and trends from Postgres, and the last views
of one shopper from Valkey."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from contracts.tables.questions.recent_views import VIEWED
from readers.postgres import Pg
from readers.valkey import connect

TOP = 5
_SESSIONS = "SELECT coalesce(sum(events), 0)::bigint, count(*) FROM sessions WHERE NOT absorbed"
_TRENDING = f"""
SELECT product_id, category, score FROM trending WHERE hour = (SELECT max(hour) FROM trending)
ORDER BY score DESC, 1, 2 LIMIT {TOP}"""
_LAST_VIEWER = "SELECT user_id FROM recent_views ORDER BY viewed_at DESC, 1 LIMIT 1"


@dataclass(frozen=True)
class Trend:
    """A product in the newest hour of its category. Its score weighs views, carts and purchases."""

    product: str
    category: str
    score: int


@dataclass(frozen=True)
class ShopperFigures:
    """The figures of the shoppers at one moment.

    `clicks` counts the clicks in sessions. `viewer` is the shopper who viewed a product last, and
    `viewed` holds the products that this shopper viewed, the newest first.
    """

    clicks: int = 0
    sessions: int = 0
    trending: Sequence[Trend] = ()
    viewer: str = ""
    viewed: Sequence[str] = ()


class LiveShoppers:
    """Reads the figures of the shoppers repeatedly. The connection to Postgres is the caller's."""

    def __init__(self, postgres: Pg, valkey_url: str) -> None:
        self._postgres = postgres
        self._valkey = connect(valkey_url)

    def close(self) -> None:
        self._valkey.close()

    def now(self) -> ShopperFigures:
        """The figures at this moment."""
        clicks, sessions = self._postgres.execute(_SESSIONS).fetchall()[0]
        trending = [Trend(*row) for row in self._postgres.execute(_TRENDING.encode()).fetchall()]
        last = self._postgres.execute(_LAST_VIEWER).fetchone()
        if last is None:
            return ShopperFigures(clicks, sessions, trending)
        products = self._valkey.zrevrange(VIEWED.key(last[0]), 0, TOP - 1)
        return ShopperFigures(clicks, sessions, trending, last[0], products)
