"""The command line of `replay`, as values."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from math import isinf
from pathlib import Path
from typing import Any

from contracts.ledger import LayoutName
from contracts.producer_options import LAYOUTS, READING, REPLAYED_FILE, replay_options
from producer.option_values import add_options
from producer.replay.files.given import Given
from producer.wiring import ProducerEndpoints

_EXAMPLES = Path(__file__).resolve().parent.parent.parent / "examples"


@dataclass(frozen=True)
class ReplayArguments:
    """``python -m producer replay LAYOUT``. A `speed` of None is as fast as possible; the tables
    name categories and regions, and `columns` is the mapping of an export."""

    layout: LayoutName
    file: Path
    speed: float | None
    start: int
    limit: int | None
    rebase_time: bool
    new_run: bool
    dataset: str | None
    check: bool
    propose: bool
    given: Given
    allow_rejected: float | None
    endpoints: ProducerEndpoints
    rejected: Path | None
    json: bool
    categories: Path
    regions: Path
    columns: Path | None


def add(replay: argparse.ArgumentParser) -> list[argparse.ArgumentParser]:
    """Add a command per layout; return their parsers."""
    layouts = replay.add_subparsers(required=True, metavar="LAYOUT", dest="layout")
    for layout, holds in LAYOUTS.items():
        command = layouts.add_parser(layout, help=holds)
        command.add_argument("file", type=Path, metavar="FILE", help=REPLAYED_FILE)
        add_options(command, replay_options(layout))
        command.set_defaults(
            categories=_EXAMPLES / "categories.csv",
            regions=_EXAMPLES / "regions.csv",
            columns=None,
            propose=False,
        )
        command.add_argument(
            "--rejected",
            type=Path,
            metavar="FILE",
            help="where unused rows are written",
        )
    return list(layouts.choices.values())


def checked(given: dict[str, Any]) -> ReplayArguments:
    """The arguments as values."""
    speed = given.pop("speed")
    reading = {option.key: given.pop(option.key) for option in READING}
    if reading["separator"] == "tab":
        reading["separator"] = "\t"
    said = Given(**{name: value for name, value in reading.items() if value})
    return ReplayArguments(speed=None if isinf(speed) else speed, given=said, **given)
