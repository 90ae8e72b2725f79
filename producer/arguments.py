"""The producer's command line."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, NoReturn, get_args

from contracts.errors import Usage
from contracts.ledger import Layout
from producer.option_values import between, count
from producer.outlets.kafka import KafkaAuth
from producer.simulate import arguments as simulating
from producer.simulate import sample as sampling
from producer.simulate.arguments import SimulateArguments
from producer.simulate.sample import SampleArguments
from producer.wiring import OutletName, Where

# A second in eleven days, and thirty years in one: beyond is a slip of the pen.
_SPEEDS = (1e-6, 1e9)
_EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
_CATEGORIES, _REGIONS = _EXAMPLES / "categories.csv", _EXAMPLES / "regions.csv"


@dataclass(frozen=True)
class ReplayArguments:
    """``python -m producer replay LAYOUT``; `speed` None is as fast as possible. The tables are
    those of Online Retail."""

    layout: Layout
    file: Path
    speed: float | None
    start: int
    limit: int | None
    rebase_time: bool
    new_run: bool
    check: bool
    where: Where
    rejected: Path | None
    categories: Path
    regions: Path
    json: bool

    @property
    def last(self) -> int | None:
        """The last data row of the slice; None for the end of the file."""
        return None if self.limit is None else self.start + self.limit - 1


class _Parser(argparse.ArgumentParser):
    """Tells what is wrong as all of the producer's errors are told."""

    def error(self, message: str) -> NoReturn:
        raise Usage(message, command="the same command with --help says what it takes")


def parse(arguments: list[str]) -> ReplayArguments | SimulateArguments | SampleArguments:
    """The arguments as values; Usage when they are wrong."""
    parser = _Parser(prog="python -m producer", description="Sends events.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", dest="command")
    replay = commands.add_parser("replay", help="send the orders of a data set again")
    layouts = replay.add_subparsers(required=True, metavar="LAYOUT", dest="layout")
    retail = layouts.add_parser(
        "online-retail", help="order lines of the UCI Online Retail layout, csv or csv.gz"
    )
    rees46 = layouts.add_parser(
        "rees46", help="what shoppers do, of the REES46 layout, csv or csv.gz"
    )
    for layout in (retail, rees46):
        _what(layout)
        _where(layout)
    _tables(retail)
    rees46.set_defaults(categories=_CATEGORIES, regions=_REGIONS)
    simulate = commands.add_parser(
        "simulate", help="send what seeded shoppers do", description=simulating.DESCRIPTION
    )
    simulating.add(simulate)
    _where(simulate)
    sampling.add(commands.add_parser("sample", help="write labelled orders to a file, send none"))
    given = vars(parser.parse_args(arguments))
    command = given.pop("command")
    if command == "sample":
        return SampleArguments(**given)
    chosen = layouts.choices[given["layout"]] if command == "replay" else simulate
    _require(chosen, given)
    given["where"] = Where(**{field.name: given.pop(field.name) for field in fields(Where)})
    if command == "replay":
        return ReplayArguments(**given)
    return simulating.checked(simulate, given)


def _what(layout: argparse.ArgumentParser) -> None:
    layout.add_argument("file", type=Path, metavar="FILE")
    layout.add_argument(
        "--speed", type=_speed, default=None, metavar="N|max", help="1 as recorded, 60 a minute/s"
    )
    layout.add_argument("--start", type=count, default=1, metavar="ROW", help="first data row")
    layout.add_argument("--limit", type=count, default=None, metavar="ROWS")
    layout.add_argument(
        "--rebase-time", action="store_true", help="shift times so that the newest row is now"
    )
    layout.add_argument(
        "--new-run", action="store_true", help="count the events anew, though sent before"
    )
    layout.add_argument("--check", action="store_true", help="judge the file, send nothing")
    layout.add_argument(
        "--rejected", type=Path, metavar="FILE", help="rows of which no event is made"
    )


def _tables(retail: argparse.ArgumentParser) -> None:
    retail.add_argument("--categories", type=Path, default=_CATEGORIES)
    retail.add_argument("--regions", type=Path, default=_REGIONS)


def _where(command: argparse.ArgumentParser) -> None:
    command.add_argument("--outlet", choices=get_args(OutletName), default="kafka")
    command.add_argument("--bootstrap-servers", default="", metavar="HOST:PORT,...")
    command.add_argument("--kafka-auth", choices=get_args(KafkaAuth), default="none")
    command.add_argument("--region", default="", help="AWS region, with --kafka-auth msk-iam")
    command.add_argument(
        "--registry", default="bundled", metavar="NAME", help="bundled, or glue:NAME on AWS"
    )
    command.add_argument("--out", type=Path, metavar="FOLDER", help="where --outlet file writes")
    command.add_argument(
        "--vault", default="", metavar="URL|FOLDER", help="a Postgres URL, or a private folder"
    )
    command.add_argument("--ledger", type=Path, metavar="FOLDER")
    command.add_argument("--json", action="store_true", help="end with a summary as JSON")


def _require(parser: argparse.ArgumentParser, given: dict[str, Any]) -> None:
    if given.get("check"):
        return
    if given["outlet"] == "kafka":
        if not given["bootstrap_servers"]:
            parser.error("--outlet kafka needs --bootstrap-servers HOST:PORT")
        if not given["vault"]:
            parser.error("--outlet kafka needs --vault, which keeps the real customer ids")
        if given["kafka_auth"] == "msk-iam" and not given["region"]:
            parser.error("--kafka-auth msk-iam needs --region")
    if given["registry"] != "bundled" and not given["registry"].startswith("glue:"):
        parser.error("--registry is bundled or glue:NAME")
    if given["outlet"] == "file" and not given["out"]:
        parser.error("--outlet file needs --out FOLDER")


def _speed(text: str) -> float | None:
    return None if text == "max" else between(text, *_SPEEDS)
