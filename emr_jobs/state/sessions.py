"""Sessions that a late click may join: intervals of one user that lie less than a gap apart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from functools import reduce
from typing import NamedTuple


class Session(NamedTuple):
    """What one user did, in one currency, without a pause."""

    user_id: str
    currency: str
    started_at: datetime
    ended_at: datetime
    region: str
    events: int
    views: int
    carts: int
    purchases: int
    removals: int
    revenue: Decimal
    products: frozenset[str]


def joined(sessions: Iterable[Session], gap: timedelta) -> Iterator[Session]:
    """The sessions of one user and currency with each chain of those less than `gap` apart made
    one. The order of `sessions`, and how they were cut into parts, do not matter."""
    chain: list[Session] = []
    end: datetime | None = None
    for session in sorted(sessions, key=lambda each: (each.started_at, each.ended_at)):
        if end is not None and session.started_at - end >= gap:
            yield reduce(_both, chain)
            chain, end = [], None
        chain.append(session)
        end = session.ended_at if end is None else max(end, session.ended_at)
    if chain:
        yield reduce(_both, chain)


def _both(one: Session, other: Session) -> Session:
    return one._replace(
        started_at=min(one.started_at, other.started_at),
        ended_at=max(one.ended_at, other.ended_at),
        region=min(one.region, other.region),
        events=one.events + other.events,
        views=one.views + other.views,
        carts=one.carts + other.carts,
        purchases=one.purchases + other.purchases,
        removals=one.removals + other.removals,
        revenue=one.revenue + other.revenue,
        products=one.products | other.products,
    )
