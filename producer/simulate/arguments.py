"""The command line of `simulate`, and what it means for the shop's clock."""

from __future__ import annotations

import argparse
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from contracts.errors import Usage
from producer.option_values import between, count, whole
from producer.simulate.shop.oddities import Shares
from producer.wiring import Where

DESCRIPTION = (
    "Seeded shoppers browse, fill baskets, abandon or buy them; a few cheat, and labels.csv says "
    "who. The same --seed, --run, --start and vault give the same events byte for byte."
)
# How busy the shop is, per second of its own time, where events leave as fast as they can.
NOMINAL_RATE = 1_000.0
_DEFAULT_RATE = 1_000.0
_MOST_RATE, _MOST_SPEED, _MOST_SECONDS = 1_000_000.0, 100_000.0, 31 * 86_400.0
_MOST_WORKERS, _MOST_SHOPPERS = 64, 2_000_000
# A visit brings some six events, and nobody should come back before an hour has passed.
_LEAST_SHOPPERS, _DEFAULT_MOST_SHOPPERS, _EVENTS_AN_HOUR_PER_SHOPPER = 10_000, 200_000, 6
_US_PER_SECOND = 1_000_000
_DAY_US = 86_400 * _US_PER_SECOND
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_LATEST = datetime(2200, 1, 1, tzinfo=UTC)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True)
class SimulateArguments:
    """``python -m producer simulate``; a `rate` of None is as fast as possible, a `start` of None
    now (microseconds UTC), a `run` of None a new name."""

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
    where: Where
    json: bool


@dataclass(frozen=True)
class ShopClock:
    """The shop's own time: it begins at `start` and moves `speed` times as fast as the world's
    (None: as fast as events leave); events are spread over `span`, microseconds each."""

    start: int
    span: int
    end: int | None
    speed: float | None
    events_per_second: float


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "--rate",
        type=_rate,
        metavar="N|max",
        help="events a second on average; default 1000, and max where only --count is given",
    )
    parser.add_argument("--duration", type=_seconds, metavar="SECONDS", help="default: no end")
    parser.add_argument("--count", type=count, help="how many events, copies not counted")
    parser.add_argument("--seed", type=_seed, default=1, help="what decides all they do")
    parser.add_argument("--workers", type=_workers, default=1, help="processes that share the rate")
    parser.add_argument(
        "--time-speed",
        type=_speed,
        metavar="K",
        help="live K seconds in one; the clock starts K × duration ago and ends now",
    )
    parser.add_argument("--run", type=_name, metavar="NAME", help="default: a new one")
    parser.add_argument(
        "--start", type=_moment, metavar="TIME", help="the clock's start (ISO 8601, UTC), not now"
    )
    parser.add_argument(
        "--shoppers", type=_shoppers, metavar="N", help="how many people; default: by rate"
    )
    for option, what in (
        ("duplicates", "are sent twice, byte for byte"),
        ("late", "are 20 minutes to 3 hours old when sent"),
        ("out-of-order", "are sent after others that happened up to a minute later"),
        ("future", "are dated 15 minutes to 2 hours ahead"),
        ("malformed", "break one rule"),
    ):
        parser.add_argument(
            f"--{option}", type=_share, default=0.0, metavar="SHARE", help=f"5%% of events {what}"
        )
    parser.add_argument(
        "--labels", type=Path, metavar="FILE", help="fraud; default: labels.csv in the ledger"
    )


def checked(parser: argparse.ArgumentParser, given: dict[str, Any]) -> SimulateArguments:
    """The arguments as values; the parser's error when they contradict."""
    names = ("duplicates", "late", "out_of_order", "future", "malformed")
    shares = Shares(**{name: given.pop(name) for name in names})
    if shares.late + shares.future + shares.malformed > 1:
        parser.error("--late, --future and --malformed together are more than 100%")
    rate, count, duration = given.pop("rate"), given["count"], given["duration"]
    if rate is None:
        rate = "max" if count and not duration else _DEFAULT_RATE
    if rate == "max" and not count:
        parser.error("--rate max needs --count, or it would not know where its clock begins")
    if given["time_speed"] and not (count or duration):
        parser.error("--time-speed needs --duration or --count: its clock begins that long ago")
    if given["workers"] > 1 and given["where"].outlet == "file":
        parser.error("--outlet file is written by one worker")
    if count and count < given["workers"]:
        parser.error("--count gives not every one of --workers an event")
    fastest = None if rate == "max" else float(rate)
    arguments = SimulateArguments(
        rate=fastest,
        shares=shares,
        shoppers=given.pop("shoppers") or _population(fastest, given["time_speed"]),
        **given,
    )
    if arguments.shoppers < 100 * arguments.workers:
        parser.error("--shoppers: each of --workers needs 100 at least")
    return arguments


def shop_clock(arguments: SimulateArguments, now: int) -> ShopClock:
    """When the shop's time begins and how fast it goes, so that it never runs ahead of `now`."""
    speed = arguments.time_speed or 1.0
    rate = arguments.rate or NOMINAL_RATE
    seconds = [arguments.count / rate] if arguments.count else []
    seconds += [arguments.duration] if arguments.duration else []
    span = int(min(seconds) * speed * _US_PER_SECOND) if seconds else _DAY_US
    paced = arguments.rate is not None
    backwards = arguments.time_speed is not None or not paced
    start = arguments.start if arguments.start is not None else now - span * backwards
    if arguments.start is not None and start + span > now:
        raise Usage(
            "events would be dated ahead of now",
            cause="--start is not as long ago as what is simulated takes",
            command="an earlier --start, or a shorter --duration",
        )
    ends = arguments.duration is not None and paced
    return ShopClock(
        start=start,
        span=max(1, span),
        end=start + int((arguments.duration or 0) * speed * _US_PER_SECOND) if ends else None,
        speed=speed if paced else None,
        events_per_second=rate / speed,
    )


def _population(rate: float | None, time_speed: float | None) -> int:
    hourly = (rate or NOMINAL_RATE) / (time_speed or 1.0) * 3_600
    wanted = int(hourly / _EVENTS_AN_HOUR_PER_SHOPPER)
    return min(_DEFAULT_MOST_SHOPPERS, max(_LEAST_SHOPPERS, wanted))


def _rate(text: str) -> float | str:
    return text if text == "max" else between(text, 0.01, _MOST_RATE)


def _seconds(text: str) -> float:
    return between(text, 0.1, _MOST_SECONDS)


def _speed(text: str) -> float:
    return between(text, 0.01, _MOST_SPEED)


def _seed(text: str) -> int:
    return whole(text, 0, 2**63 - 1)


def _workers(text: str) -> int:
    return whole(text, 1, _MOST_WORKERS)


def _shoppers(text: str) -> int:
    return whole(text, 100, _MOST_SHOPPERS)


def _share(text: str) -> float:
    """``5%`` or ``0.05``."""
    try:
        number = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        number = -1.0
    if not 0 <= number <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no share from 0% to 100%")
    return number


def _name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no name of up to 64 letters, digits, '.', '_' and '-'"
        )
    return text


def _moment(text: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no time such as 2026-03-01T12:00") from None
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    if not _EARLIEST <= moment < _LATEST:
        raise argparse.ArgumentTypeError(f"{text} is not between 2000 and 2200")
    return int(moment.timestamp() * _US_PER_SECOND)
