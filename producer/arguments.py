"""The producer's command line."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, NoReturn, get_args

from contracts.applications import KafkaAuth
from contracts.errors import Usage
from contracts.producer_options import OUTLET, SIMULATE
from producer.option_values import add_options
from producer.replay import arguments as replaying
from producer.replay.arguments import ReplayArguments
from producer.simulate import arguments as simulating
from producer.simulate.arguments import SimulateArguments
from producer.simulate.sample import SAMPLE, SampleArguments
from producer.wiring import ProducerEndpoints


class _Parser(argparse.ArgumentParser):
    """Tells what is wrong as every other error is told."""

    def error(self, message: str) -> NoReturn:
        raise Usage(message, command="the same command with --help says what it takes")


def parse(arguments: list[str]) -> ReplayArguments | SimulateArguments | SampleArguments:
    """The arguments as values; Usage if they are wrong."""
    parser = _Parser(prog="python -m producer", description="Sends events.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", dest="command")
    replay = commands.add_parser("replay", help="send the events of a data file")
    for layout in replaying.add(replay):
        add_options(layout, [OUTLET])
        _add_endpoints(layout)
    simulate = commands.add_parser(
        "simulate", help="send what seeded shoppers do", description=simulating.DESCRIPTION
    )
    add_options(simulate, SIMULATE)
    _add_endpoints(simulate)
    sample = commands.add_parser("sample", help="write labelled orders to a file, send none")
    add_options(sample, SAMPLE)
    given = vars(parser.parse_args(arguments))
    command = given.pop("command")
    if command == "sample":
        return SampleArguments(**given)
    _require(parser, given)
    given["endpoints"] = ProducerEndpoints(
        **{field.name: given.pop(field.name) for field in fields(ProducerEndpoints)}
    )
    return replaying.checked(given) if command == "replay" else simulating.checked(parser, given)


def _add_endpoints(command: argparse.ArgumentParser) -> None:
    command.add_argument("--bootstrap-servers", default="", metavar="HOST:PORT,...")
    command.add_argument("--kafka-auth", choices=get_args(KafkaAuth), default="none")
    command.add_argument("--region", default="", help="the AWS region, for --kafka-auth msk-iam")
    command.add_argument(
        "--registry", default="bundled", metavar="NAME", help="bundled, or glue:NAME on AWS"
    )
    command.add_argument("--out", type=Path, metavar="FOLDER", help="where --outlet file writes")
    command.add_argument(
        "--vault", default="", metavar="URL|FOLDER", help="a Postgres URL, or a private folder"
    )
    command.add_argument("--ledger", type=Path, metavar="FOLDER", help="where the run is recorded")
    command.add_argument(
        "--state",
        type=Path,
        metavar="FOLDER",
        help="the state folder of a laptop's stack, whose vault is in Postgres: nothing is sent "
        "while its disk is nearly full",
    )


def _require(parser: argparse.ArgumentParser, given: Mapping[str, Any]) -> None:
    if given.get("check") or given.get("propose"):
        return
    if given["outlet"] == "kafka":
        if not given["bootstrap_servers"]:
            parser.error("--outlet kafka needs --bootstrap-servers HOST:PORT")
        if not given["vault"]:
            parser.error("--outlet kafka needs --vault, which keeps the real customer ids")
        if given["kafka_auth"] == "msk-iam" and not given["region"]:
            parser.error("--kafka-auth msk-iam needs --region")
    if given["state"] and not (
        given["outlet"] == "kafka" and given["vault"].startswith("postgres")
    ):
        parser.error("--state needs --outlet kafka and a --vault in Postgres")
    if given["registry"] != "bundled" and not given["registry"].startswith("glue:"):
        parser.error("--registry is bundled or glue:NAME")
    if given["outlet"] == "file" and not given["out"]:
        parser.error("--outlet file needs --out FOLDER")
