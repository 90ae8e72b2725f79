"""The records of a topic, decoded for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kafka import KafkaConsumer, TopicPartition

from contracts.codec import decode, decode_record, schema_id_of
from contracts.registry import Registry
from contracts.rejections import Rejection
from contracts.topics import TOPICS, Topic
from readers.event_text import iso_time, readable
from readers.kafka import POLL_MS, read_until, require_topic


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
