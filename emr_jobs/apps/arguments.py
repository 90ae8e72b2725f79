"""Arguments of ``python -m emr_jobs``: the same on a laptop and in a spark-submit step."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import get_args

from contracts.applications import APPLICATIONS, Application, Endpoints, PostgresAuth, application


@dataclass(frozen=True)
class Arguments:
    """`triggers`: seconds by application."""

    applications: tuple[Application, ...]
    endpoints: Endpoints
    triggers: dict[str, int]
    max_offsets: int | None
    take_over: bool
    accept_new_topic: bool
    sink: str
    crash_order: Path | None


def parse(argv: Sequence[str]) -> Arguments:
    """The arguments; exits with 2 and a message when they make no sense."""
    parser = _parser()
    given = parser.parse_args(argv)
    apps = tuple(application(name) for name in dict.fromkeys(given.applications))
    triggers = {app.name: app.cloud_trigger for app in apps}
    for name, _ in given.trigger:
        if name not in triggers:
            parser.error(f"--trigger names {name!r}, which is not started")
    triggers |= dict(given.trigger)
    return Arguments(
        applications=apps,
        endpoints=Endpoints(**{each.name: getattr(given, each.name) for each in fields(Endpoints)}),
        triggers=triggers,
        max_offsets=given.max_offsets_per_trigger,
        take_over=given.take_over,
        accept_new_topic=given.accept_new_topic,
        sink=given.sink,
        crash_order=given.crash_order,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="emr_jobs", description="The streaming applications.")
    names = [app.name for app in APPLICATIONS]
    parser.add_argument("applications", nargs="+", choices=names, metavar=f"{{{','.join(names)}}}")
    parser.add_argument("--bootstrap-servers", required=True)
    parser.add_argument("--kafka-auth", choices=("none", "msk-iam"), default="none")
    parser.add_argument("--registry", default="bundled", help="bundled[:FOLDER] or glue:NAME")
    parser.add_argument("--catalog", choices=("jdbc", "glue"), default="jdbc")
    parser.add_argument("--warehouse", required=True, help="URL of the lake")
    parser.add_argument("--checkpoint", required=True, help="URL; one folder an application")
    parser.add_argument("--postgres", required=True, help="libpq URL of the answers")
    parser.add_argument(
        "--postgres-auth",
        choices=get_args(PostgresAuth),
        default="password",
        help="rds-iam: a token of the caller for each connection",
    )
    parser.add_argument(
        "--metrics", default="stdout", help="stdout, or logs:GROUP of CloudWatch Logs"
    )
    parser.add_argument(
        "--valkey",
        default="",
        help="valkey://HOST:PORT,...?passfile=FILE, or valkeys://HOST:PORT?user=U&cache=C with a "
        "token of the caller; answers are in Postgres alone without it",
    )
    parser.add_argument(
        "--trigger",
        type=_seconds_by_application,
        default=[],
        help="seconds by application: orders=1s,ingest=10s",
    )
    parser.add_argument("--max-offsets-per-trigger", type=int, help="records a batch at most")
    parser.add_argument(
        "--take-over", action="store_true", help="replace a driver that is alive; it exits with 0"
    )
    parser.add_argument(
        "--accept-new-topic",
        action="store_true",
        help="go on from the beginning of a topic that was deleted and created again",
    )
    parser.add_argument(
        "--sink",
        choices=("store", "console"),
        default="store",
        help="console: show what orders would answer, store nothing",
    )
    parser.add_argument("--crash-order", type=Path, help=argparse.SUPPRESS)
    return parser


def _seconds_by_application(text: str) -> list[tuple[str, int]]:
    try:
        pairs = [part.split("=") for part in text.split(",")]
        seconds = [(name, int(number.removesuffix("s"))) for name, number in pairs]
        if any(number < 0 for _, number in seconds):
            raise ValueError
        return seconds
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected APPLICATION=Ns,..., got {text!r}") from None
