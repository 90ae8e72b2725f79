"""The producer's command line."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from producer.outlets.kafka import KafkaAuth

OutletName = Literal["kafka", "file", "null"]
_EXAMPLES = Path(__file__).resolve().parent.parent / "examples"


@dataclass(frozen=True)
class ReplayArguments:
    """``python -m producer replay online-retail``; `speed` None is as fast as possible."""

    file: Path
    speed: float | None
    start: int
    limit: int | None
    rebase_time: bool
    new_run: bool
    check: bool
    outlet: OutletName
    bootstrap_servers: str
    kafka_auth: KafkaAuth
    region: str
    out: Path | None
    vault: str
    ledger: Path | None
    rejected: Path | None
    categories: Path
    regions: Path
    json: bool

    @property
    def last(self) -> int | None:
        """The last data row of the slice; None for the end of the file."""
        return None if self.limit is None else self.start + self.limit - 1


def parse(arguments: list[str]) -> ReplayArguments:
    """The arguments as values; ends the process with 2 and the usage when they are wrong."""
    parser = argparse.ArgumentParser(prog="python -m producer", description="Sends events.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    replay = commands.add_parser("replay", help="send the orders of a data set again")
    layouts = replay.add_subparsers(required=True, metavar="LAYOUT")
    retail = layouts.add_parser(
        "online-retail", help="order lines of the UCI Online Retail layout, csv or csv.gz"
    )
    _what(retail)
    _where(retail)
    fields = vars(parser.parse_args(arguments))
    _require(retail, fields)
    return ReplayArguments(**fields)


def _what(retail: argparse.ArgumentParser) -> None:
    retail.add_argument("file", type=Path, metavar="FILE")
    retail.add_argument(
        "--speed", type=_speed, default=None, metavar="N|max", help="1 as recorded, 60 a minute/s"
    )
    retail.add_argument("--start", type=_count, default=1, metavar="ROW", help="first data row")
    retail.add_argument("--limit", type=_count, default=None, metavar="ROWS")
    retail.add_argument(
        "--rebase-time", action="store_true", help="shift times so that the newest row is now"
    )
    retail.add_argument(
        "--new-run", action="store_true", help="count the events anew, though sent before"
    )
    retail.add_argument("--check", action="store_true", help="judge the file, send nothing")
    retail.add_argument("--categories", type=Path, default=_EXAMPLES / "categories.csv")
    retail.add_argument("--regions", type=Path, default=_EXAMPLES / "regions.csv")
    retail.add_argument("--json", action="store_true", help="end with a summary as JSON")


def _where(retail: argparse.ArgumentParser) -> None:
    retail.add_argument("--outlet", choices=get_args(OutletName), default="kafka")
    retail.add_argument("--bootstrap-servers", default="", metavar="HOST:PORT,...")
    retail.add_argument("--kafka-auth", choices=get_args(KafkaAuth), default="none")
    retail.add_argument("--region", default="", help="AWS region, with --kafka-auth msk-iam")
    retail.add_argument("--out", type=Path, metavar="FOLDER", help="where --outlet file writes")
    retail.add_argument(
        "--vault", default="", metavar="URL|FOLDER", help="a Postgres URL, or a private folder"
    )
    retail.add_argument("--ledger", type=Path, metavar="FOLDER")
    retail.add_argument(
        "--rejected", type=Path, metavar="FILE", help="rows that are no line of an order"
    )


def _require(parser: argparse.ArgumentParser, fields: dict[str, object]) -> None:
    if fields["check"]:
        return
    if fields["outlet"] == "kafka":
        if not fields["bootstrap_servers"]:
            parser.error("--outlet kafka needs --bootstrap-servers HOST:PORT")
        if not fields["vault"]:
            parser.error("--outlet kafka needs --vault, which keeps the real customer ids")
        if fields["kafka_auth"] == "msk-iam" and not fields["region"]:
            parser.error("--kafka-auth msk-iam needs --region")
    if fields["outlet"] == "file" and not fields["out"]:
        parser.error("--outlet file needs --out FOLDER")


def _speed(text: str) -> float | None:
    if text == "max":
        return None
    speed = float(text)
    if not 0 < speed < float("inf"):
        raise ValueError
    return speed


def _count(text: str) -> int:
    count = int(text)
    if count < 1:
        raise ValueError
    return count


# argparse names the type in its message: "invalid speed value: 'fast'".
_speed.__name__ = "speed"
_count.__name__ = "row count"
