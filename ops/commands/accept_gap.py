"""`shopstream accept-gap`: go on behind records that Kafka deleted before they were read."""

from __future__ import annotations

import json
import os
import pwd
import socket
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Annotated

import typer

from contracts.applications import APPLICATIONS, INGEST
from contracts.errors import NotReady, ShopstreamError, Usage
from contracts.tables.postgres import IN_A_GAP
from contracts.topics import SOURCES
from ops import console
from ops.console import AsJson
from ops.stack import open_stack
from readers.kafka import PartitionOffsets, open_admin, partition_offsets
from readers.postgres import Pg, connect

_COMMAND = "shopstream accept-gap --yes"
# A driver that works beats its heart every few seconds.
_DRIVEN = """
    SELECT name, driver FROM applications
    WHERE state IN ('starting', 'running') AND heartbeat_at > now() - interval '15 seconds'
    ORDER BY name
"""
_PROGRESS = 'SELECT application, topic_id, "partition", until FROM progress'
_MOVE = """
    INSERT INTO progress (application, topic, topic_id, "partition", until)
    VALUES (%(application)s, %(topic)s, %(topic_id)s, %(partition)s, %(until)s)
    ON CONFLICT (application, topic_id, "partition") DO UPDATE SET until = excluded.until
    WHERE progress.until = %(first)s
"""
_AUDIT = """
    INSERT INTO skipped (application, topic, topic_id, "partition", first, until, offsets, ranges,
                         reason, accepted_by)
    VALUES (%(application)s, %(topic)s, %(topic_id)s, %(partition)s, %(first)s, %(until)s,
            %(offsets)s, %(ranges)s, %(reason)s, %(accepted_by)s)
"""


@dataclass(frozen=True)
class MissingRange:
    """Offsets [first, until) of a partition that an application did not read, and that are gone."""

    application: str
    topic: str
    topic_id: str
    partition: int
    first: int
    until: int

    @property
    def offsets(self) -> int:
        return self.until - self.first


def accept_gap(
    *,
    yes: Annotated[
        bool, typer.Option("--yes", help="Accept the loss of the offsets that are shown.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show the offsets that Kafka deleted before the applications read them. When their loss is
    accepted, note by whom, and move the progress behind them; `shopstream up` then goes on."""
    stack = open_stack()
    with (
        open_admin(stack.bootstrap_servers) as admin,
        connect(stack.postgres_url, "accept-gap") as postgres,
    ):
        partitions = partition_offsets(admin, [topic.name for topic in SOURCES])
        found = missing(partitions, progress_of(postgres))
        if found and not as_json:
            show(found)
        if found:
            _require_consent(found, yes=yes, may_ask=not as_json)
            accept(postgres, found, by_whom())
    if as_json:
        console.answer_json({"accepted": [asdict(each) for each in found]})
    elif found:
        console.line("accepted; next: shopstream up, then shopstream verify")
    else:
        console.line("nothing is missing: Kafka has all that is to be read")


def missing(
    partitions: Iterable[PartitionOffsets], progress: Mapping[tuple[str, str, int], int]
) -> list[MissingRange]:
    """What each application that has begun to read a topic did not read of it, and never can."""
    begun = {(application, topic_id) for application, topic_id, _ in progress}
    return [
        MissingRange(application.name, each.topic, each.topic_id, each.partition, until, each.low)
        for application in APPLICATIONS
        for each in partitions
        if each.topic in {topic.name for topic in application.reads}
        and (application.name, each.topic_id) in begun
        and (until := progress.get((application.name, each.topic_id, each.partition), 0)) < each.low
    ]


def unequal(found: Iterable[MissingRange]) -> list[str]:
    """The partitions of which another application misses more or less than the lake."""
    ranges: dict[tuple[str, int], dict[str, tuple[int, int]]] = {}
    for each in found:
        of_partition = ranges.setdefault((each.topic, each.partition), {})
        of_partition[each.application] = each.first, each.until
    return [
        f"{topic}/{partition}"
        for (topic, partition), own in sorted(ranges.items())
        if any(
            own.get(application.name) != own.get(INGEST.name)
            for application in APPLICATIONS
            if topic in {each.name for each in application.reads}
        )
    ]


def progress_of(postgres: Pg) -> dict[tuple[str, str, int], int]:
    """(application, topic id, partition) -> offsets below this one are applied."""
    return {
        (application, topic_id, partition): until
        for application, topic_id, partition, until in postgres.execute(_PROGRESS).fetchall()
    }


def accept(postgres: Pg, found: Iterable[MissingRange], by: str) -> None:
    """Note the loss and move the progress, all or nothing; an error where an application is driven,
    or has moved since the ranges were found."""
    with postgres.transaction():
        # Every commit of a driver locks its application's row.
        postgres.execute("SELECT FROM applications ORDER BY name FOR NO KEY UPDATE")
        driven = postgres.execute(_DRIVEN).fetchall()
        if driven:
            told = ", ".join(f"{name} ({driver})" for name, driver in driven)
            raise NotReady(
                f"applications are being driven: {told}",
                cause="a driver that meets a gap stops by itself, with exit code 20",
                command="shopstream status; when they have stopped, " + _COMMAND,
            )
        for each in found:
            row = asdict(each) | {
                "offsets": each.offsets,
                "ranges": json.dumps([[each.first, each.until]]),
                "reason": IN_A_GAP,
                "accepted_by": by,
            }
            if postgres.execute(_MOVE, row).rowcount != 1:
                raise ShopstreamError(
                    f"{each.application} has moved in {each.topic}/{each.partition} meanwhile",
                    cause="a driver was started",
                    command="shopstream accept-gap",
                )
            postgres.execute(_AUDIT, row)


def show(found: Iterable[MissingRange]) -> None:
    """Print the ranges, and where applications differ in them."""
    console.table(
        ("application", "partition", "from", "until", "offsets"),
        [
            (
                *(each.application, f"{each.topic}/{each.partition}"),
                *(each.first, each.until, f"{each.offsets:,}"),
            )
            for each in found
        ],
    )
    for partition in unequal(found):
        console.line(
            f"{partition}: the lake and the answers miss other offsets; what only one of them has "
            "read, verify shows as red"
        )


def by_whom() -> str:
    """The user and the machine."""
    try:
        user = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        user = str(os.getuid())
    return f"{user}@{socket.gethostname()}"


def _require_consent(found: list[MissingRange], *, yes: bool, may_ask: bool) -> None:
    told = f"{sum(each.offsets for each in found):,} offsets are lost for good"
    if yes:
        return
    if not (may_ask and sys.stdin.isatty() and typer.confirm(f"{told}. Accept that?")):
        raise Usage(
            f"{told}; nothing was changed",
            cause="if their source still has the events, send them again afterwards: they keep ids",
            command=_COMMAND,
        )
