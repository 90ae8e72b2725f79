"""`shopstream topics list|create|describe|delete`: what the brokers hold."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from datetime import timedelta
from typing import Annotated, Any

import typer
from kafka.admin import KafkaAdminClient
from kafka.errors import InvalidTopicError, TopicAlreadyExistsError

from contracts.errors import ShopstreamError, Usage
from contracts.topics import TOPICS, Topic
from local.kafka.topics import WAIT_MS, settings
from ops import console
from ops.console import AsJson
from ops.stack import open_stack
from readers.kafka import TopicDetails, describe, open_admin, require_topic

DELETED_SECONDS = 15.0
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_NAME = re.compile(r"[a-zA-Z0-9._-]{1,249}")

Name = Annotated[str, typer.Argument(metavar="TOPIC")]


topics = typer.Typer(no_args_is_help=True, help="List, create, describe and delete topics.")


@topics.command("list")
def list_topics(as_json: AsJson = False) -> None:
    """Every topic with its partitions, messages and retention."""
    with open_admin(open_stack().bootstrap_servers) as admin:
        found = describe(admin)
    if as_json:
        console.answer_json([document(topic) for topic in found])
        return
    keys = {topic.name: topic.key for topic in TOPICS}
    console.table(
        ("topic", "partitions", "messages", "retention", "key"),
        [
            (
                topic.name,
                len(topic.partitions),
                topic.messages,
                retention_text(topic.retention_ms),
                keys.get(topic.name, ""),
            )
            for topic in found
        ],
    )


@topics.command()
def create(
    name: Annotated[str | None, typer.Argument(metavar="[TOPIC]")] = None,
    *,
    partitions: Annotated[int | None, typer.Option(help="Partitions of the new topic.")] = None,
    retention: Annotated[str | None, typer.Option(help="How long to keep: 90m, 12h, 7d.")] = None,
    as_json: AsJson = False,
) -> None:
    """Create one topic, or without a name those of the contract that are missing."""
    if name is None and (partitions is not None or retention is not None):
        raise Usage(
            "--partitions and --retention are for one topic",
            command="shopstream topics create TOPIC --partitions 3 --retention 7d",
        )
    wanted = [topic_to_create(name, partitions, retention)] if name is not None else list(TOPICS)
    with open_admin(open_stack().bootstrap_servers) as admin:
        if name is None:
            present = set(admin.list_topics())
            wanted = [topic for topic in wanted if topic.name not in present]
        make(admin, wanted)
        made = describe(admin, [topic.name for topic in wanted]) if wanted else []
    if as_json:
        console.answer_json([document(topic) for topic in made])
        return
    for topic in made:
        console.line(f"created {topic.name} with {len(topic.partitions)} partitions")
    if not made:
        console.line("nothing to create: every topic is there")


@topics.command("describe")
def describe_topic(name: Name, as_json: AsJson = False) -> None:
    """One topic: its id, retention and partitions with leader, in-sync replicas and offsets."""
    with open_admin(open_stack().bootstrap_servers) as admin:
        topic = existing_topic(admin, name)
    if as_json:
        console.answer_json(document(topic))
        return
    console.line(f"topic        {topic.name}")
    console.line(f"topic id     {topic.topic_id}")
    console.line(f"retention    {retention_text(topic.retention_ms)}")
    console.line(f"timestamps   {topic.timestamp_type}")
    console.line(f"min in sync  {topic.min_in_sync}")
    console.table(
        ("partition", "leader", "replicas", "in sync", "earliest", "latest"),
        [
            (
                one.partition,
                one.leader if one.leader >= 0 else "none",
                ",".join(map(str, one.replicas)),
                ",".join(map(str, one.in_sync)),
                one.earliest,
                one.latest,
            )
            for one in topic.partitions
        ],
    )


@topics.command()
def delete(
    name: Name,
    yes: Annotated[bool, typer.Option("--yes", help="Delete it with all its messages.")] = False,
    as_json: AsJson = False,
) -> None:
    """Delete a topic and its messages; applications that read it stop and say why."""
    with open_admin(open_stack().bootstrap_servers) as admin:
        topic = existing_topic(admin, name)
        if not yes:
            raise Usage(
                f"{name} holds {topic.messages} messages, which would be gone for good",
                command=f"shopstream topics delete {name} --yes",
            )
        admin.delete_topics([name], timeout_ms=WAIT_MS)
        _wait_until(lambda: name not in admin.list_topics(), name)
    if as_json:
        console.answer_json({"deleted": name, "messages": topic.messages})
    else:
        console.line(f"deleted {name} with {topic.messages} messages")


def existing_topic(admin: KafkaAdminClient, name: str) -> TopicDetails:
    """The topic called `name`; Usage with the known names when there is none."""
    require_topic(admin.list_topics(), name)
    return describe(admin, [name])[0]


def topic_to_create(name: str, partitions: int | None, retention: str | None) -> Topic:
    """The topic to create: the contract's where it has one, changed by what was given."""
    if not _NAME.fullmatch(name) or name in (".", ".."):
        raise Usage(f"a topic is named with letters, digits, '.', '_' and '-', got {name!r}")
    if partitions is not None and partitions < 1:
        raise Usage(f"--partitions is 1 or more, got {partitions}")
    unknown = Topic(name, "", "", 1, 1, timedelta(days=7))
    topic = next((one for one in TOPICS if one.name == name), unknown)
    return replace(
        topic,
        laptop_partitions=partitions or topic.laptop_partitions,
        retention=topic.retention if retention is None else duration(retention),
    )


def duration(text: str) -> timedelta:
    """A length of time such as 90m, 12h or 7d; Usage on anything else."""
    number, unit = text[:-1], text[-1:]
    if unit not in _UNITS or not number.isascii() or not number.isdigit() or int(number) < 1:
        raise Usage(f"a retention is a number and s, m, h or d, such as 7d; got {text!r}")
    seconds = int(number) * _UNITS[unit]
    if seconds > 100 * 365 * _UNITS["d"]:
        raise Usage(f"a retention is at most 100 years, got {text!r}")
    return timedelta(seconds=seconds)


def make(admin: KafkaAdminClient, wanted: Sequence[Topic]) -> None:
    """Create topics and wait for their leaders; ShopstreamError when one is there already."""
    if not wanted:
        return
    brokers = len(admin.describe_cluster()["brokers"])
    try:
        admin.create_topics(
            {topic.name: settings(topic, brokers) for topic in wanted},
            timeout_ms=WAIT_MS,
            wait_for_metadata=True,
        )
    except TopicAlreadyExistsError as problem:
        names = ", ".join(topic.name for topic in wanted)
        raise ShopstreamError(
            f"the topic is there already: {names}", command=f"shopstream topics describe {names}"
        ) from problem
    except InvalidTopicError as problem:
        raise Usage(f"Kafka takes no such name: {problem}") from problem


def document(topic: TopicDetails) -> dict[str, Any]:
    """A topic for programs."""
    return asdict(topic) | {"messages": topic.messages}


def retention_text(milliseconds: int) -> str:
    """A retention in its largest whole unit."""
    if milliseconds < 0:
        return "for ever"
    seconds, rest = divmod(milliseconds, 1000)
    for unit in ("d", "h", "m"):
        if not rest and seconds and seconds % _UNITS[unit] == 0:
            return f"{seconds // _UNITS[unit]}{unit}"
    return f"{milliseconds} ms" if rest else f"{seconds}s"


def _wait_until(gone: Callable[[], bool], name: str) -> None:
    deadline = time.monotonic() + DELETED_SECONDS
    while not gone():
        if time.monotonic() > deadline:
            raise ShopstreamError(
                f"{name} is still there after {DELETED_SECONDS:.0f} s",
                cause="a broker that holds it is down",
                command="shopstream status",
            )
        time.sleep(0.1)
