"""The command line of `simulate`, as values, and what it means for the shop's clock."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, fields
from math import inf, isinf
from pathlib import Path
from typing import Any

from contracts.errors import Usage
from contracts.times import DAY_US, SECOND_US
from producer.simulate.shop.oddities import Shares
from producer.wiring import ProducerEndpoints

DESCRIPTION = (
    "Seeded shoppers browse, fill baskets, abandon or buy them; a few cheat, and labels.csv says "
    "who. The same --seed, --run, --start and vault give the same events byte for byte."
)
# How busy the shop is, per second of its own time, where events leave as fast as they can.
NOMINAL_RATE = 1_000.0
_DEFAULT_RATE = 1_000.0
# A visit brings about six events, and nobody should come back before an hour has passed.
_LEAST_SHOPPERS, _DEFAULT_MOST_SHOPPERS, _EVENTS_AN_HOUR_PER_SHOPPER = 10_000, 200_000, 6
_LEAST_SHOPPERS_PER_WORKER = 100


@dataclass(frozen=True)
class SimulateArguments:
    """``python -m producer simulate``. A `rate` of None is as fast as possible, a `start` of None
    is now (in microseconds UTC), and a `run` of None is a new name."""

    rate: float | None
    duration: float | None
    count: int | None
    seed: int
    workers: int
    time_speed: float | None
    run: str | None
    start: int | None
    shoppers: int
    shares: Shares
    labels: Path | None
    endpoints: ProducerEndpoints
    json: bool


@dataclass(frozen=True)
class ShopClock:
    """The shop's own time. It begins at `start` and moves `speed` times as fast as the world's;
    with a `speed` of None it moves as fast as events leave. Events are spread over `span`. All
    times are in microseconds."""

    start: int
    span: int
    end: int | None
    speed: float | None
    events_per_second: float


def checked(parser: argparse.ArgumentParser, given: dict[str, Any]) -> SimulateArguments:
    """The arguments as values; the parser's error if they contradict each other."""
    shares = Shares(**{share.name: given.pop(share.name) for share in fields(Shares)})
    if shares.late + shares.future + shares.malformed > 1:
        parser.error("--late, --future and --malformed together are more than 100%")
    rate, count, duration = given.pop("rate"), given["count"], given["duration"]
    if rate is None:
        rate = inf if count and not duration else _DEFAULT_RATE
    if isinf(rate) and not count:
        parser.error("--rate max needs --count, or it would not know where its clock begins")
    if given["time_speed"] and not (count or duration):
        parser.error("--time-speed needs --duration or --count: its clock begins that long ago")
    if given["workers"] > 1 and given["endpoints"].outlet == "file":
        parser.error("--outlet file is written by one worker")
    if count and count < given["workers"]:
        parser.error("--count has no event for some of the --workers")
    fastest = None if isinf(rate) else rate
    arguments = SimulateArguments(
        rate=fastest,
        shares=shares,
        shoppers=given.pop("shoppers") or _population(fastest, given["time_speed"]),
        **given,
    )
    if arguments.shoppers < _LEAST_SHOPPERS_PER_WORKER * arguments.workers:
        parser.error(f"--shoppers: each of the --workers needs {_LEAST_SHOPPERS_PER_WORKER}")
    return arguments


def shop_clock(arguments: SimulateArguments, now: int) -> ShopClock:
    """When the shop's time begins and how fast it moves, so that it never runs ahead of `now`."""
    speed = arguments.time_speed or 1.0
    rate = arguments.rate or NOMINAL_RATE
    seconds = [arguments.count / rate] if arguments.count else []
    seconds += [arguments.duration] if arguments.duration else []
    span = int(min(seconds) * speed * SECOND_US) if seconds else DAY_US
    paced = arguments.rate is not None
    backwards = arguments.time_speed is not None or not paced
    start = arguments.start if arguments.start is not None else now - span * backwards
    if arguments.start is not None and start + span > now:
        raise Usage(
            "events would be dated ahead of now",
            cause="the simulated time is longer than the time since --start",
            command="an earlier --start, or a shorter --duration",
        )
    ends = arguments.duration is not None and paced
    return ShopClock(
        start=start,
        span=max(1, span),
        end=start + int((arguments.duration or 0) * speed * SECOND_US) if ends else None,
        speed=speed if paced else None,
        events_per_second=rate / speed,
    )


def _population(rate: float | None, time_speed: float | None) -> int:
    hourly = (rate or NOMINAL_RATE) / (time_speed or 1.0) * 3_600
    wanted = int(hourly / _EVENTS_AN_HOUR_PER_SHOPPER)
    return min(_DEFAULT_MOST_SHOPPERS, max(_LEAST_SHOPPERS, wanted))
