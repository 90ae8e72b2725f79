"""`shopstream tail TOPIC`: the records of a topic, decoded, one JSON document per line."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from typing import Annotated, Any

import typer
from kafka import KafkaConsumer, TopicPartition

from contracts.codec import decode, decode_record, schema_id_of
from contracts.registry import Registry
from contracts.registry.opening import open_registry
from contracts.rejections import Rejection
from contracts.texts.controls import visible
from contracts.topics import TOPICS, Topic
from ops.commands.tail.event_text import iso_time, readable
from ops.stack import open_stack
from readers.kafka import POLL_MS, open_consumer, read_until, require_topic

SHOWN = 10


def tail(
    topic: Annotated[str, typer.Argument(metavar="TOPIC")],
    *,
    from_beginning: Annotated[
        bool, typer.Option("--from-beginning", help="Start at the oldest record.")
    ] = False,
    limit: Annotated[int | None, typer.Option(help="End after this many records.", min=1)] = None,
    follow: Annotated[bool, typer.Option(help="Wait for new records until Ctrl-C.")] = True,
    key: Annotated[str | None, typer.Option(help="Only records with this key.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As always: one JSON per line.")] = False,
) -> None:
    """Show the last records (10, or --limit) and then new ones; a value that is not an event is
    shown with its reason."""
    del as_json
    stack = open_stack()
    registry = open_registry(stack.home.registry)
    with open_consumer(stack.bootstrap_servers) as consumer:
        partitions = partitions_of(consumer, topic)
        found = records(
            consumer,
            partitions,
            from_beginning=from_beginning,
            follow=follow,
            last=limit or SHOWN,
            key=key,
        )
        try:
            for number, record in enumerate(found, start=1):
                sys.stdout.write(line_of(document(record, registry)) + "\n")
                sys.stdout.flush()
                if limit is not None and number == limit:
                    break
        except KeyboardInterrupt:
            return
        except BrokenPipeError:
            # The reader, such as `head`, has enough; Python would complain once more at its end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def line_of(shown: dict[str, Any]) -> str:
    """A JSON document that is one line to every reader, and of which a terminal obeys nothing."""
    return visible(json.dumps(shown, ensure_ascii=False))


def partitions_of(consumer: KafkaConsumer, topic: str) -> list[TopicPartition]:
    """Every partition of a topic; Usage with the known names when there is none."""
    require_topic(consumer.topics(), topic)
    return [TopicPartition(topic, one) for one in sorted(consumer.partitions_for_topic(topic))]


def records(
    consumer: KafkaConsumer,
    partitions: list[TopicPartition],
    *,
    from_beginning: bool,
    follow: bool,
    last: int,
    key: str | None,
) -> Iterator[Any]:
    """What is there, from the beginning or the `last` by append time; then, following, more."""
    consumer.assign(partitions)
    earliest, latest = consumer.beginning_offsets(partitions), consumer.end_offsets(partitions)
    # With a key the last ones may lie anywhere.
    everything = from_beginning or key is not None
    for partition, first in earliest.items():
        consumer.seek(partition, first if everything else max(first, latest[partition] - last))
    backlog = (record for record in read_until(consumer, latest) if _has_key(record, key))
    yield from backlog if from_beginning else _newest(backlog, last)
    while follow:
        for polled in consumer.poll(timeout_ms=POLL_MS).values():
            yield from (record for record in polled if _has_key(record, key))


def document(record: Any, registry: Registry) -> dict[str, Any]:
    """One record as JSON values: its position, and the event or the reason why it is not one."""
    position = {
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "append_time": iso_time(record.timestamp * 1000),
        "key": None if record.key is None else record.key.decode(errors="replace"),
    }
    known = {topic.name: topic for topic in TOPICS}
    if record.topic not in known:
        value = record.value
        return position | {"value": None if value is None else value.decode(errors="replace")}
    return position | _event(known[record.topic], record, registry)


def _event(topic: Topic, record: Any, registry: Registry) -> dict[str, Any]:
    outcome = decode(topic, record.value, record.timestamp * 1000, registry)
    decoded = decode_record(topic, record.value, registry)
    shown = None if isinstance(decoded, Rejection) else readable(decoded)
    if not isinstance(outcome, Rejection):
        return {"event": shown}
    schema_id = schema_id_of(record.value or b"")
    return {
        "rejected": outcome.reason,
        "detail": outcome.detail,
        "schema_id": None if schema_id is None else str(schema_id),
        "bytes": len(record.value or b""),
        "record": shown,
    }


def _newest(found: Iterator[Any], last: int) -> list[Any]:
    """The last records by append time, keeping no more than twice as many."""
    kept: list[Any] = []
    for record in found:
        kept.append(record)
        if len(kept) >= 2 * last:
            kept = _by_time(kept)[-last:]
    return _by_time(kept)[-last:]


def _by_time(found: list[Any]) -> list[Any]:
    return sorted(found, key=lambda record: (record.timestamp, record.partition, record.offset))


def _has_key(record: Any, key: str | None) -> bool:
    return key is None or record.key == key.encode()
