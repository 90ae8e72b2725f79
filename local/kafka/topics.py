"""`python -m local.kafka.topics --bootstrap-servers LIST --brokers N`: create the topics."""

from __future__ import annotations

import argparse
import logging
import sys
from contextlib import closing

from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError, TopicAlreadyExistsError

from contracts.topics import TOPICS, Topic, min_in_sync, replicas

WAIT_MS = 30_000


def settings(topic: Topic, brokers: int) -> dict[str, object]:
    """The settings with which one topic is created on a laptop."""
    return {
        "num_partitions": topic.laptop_partitions,
        "replication_factor": replicas(brokers),
        "configs": topic.configuration | {"min.insync.replicas": str(min_in_sync(brokers))},
    }


def create(admin: KafkaAdminClient, brokers: int) -> list[str]:
    """Create the topics that do not exist yet; return their names."""
    present = set(admin.list_topics())
    wanted = {topic.name: settings(topic, brokers) for topic in TOPICS if topic.name not in present}
    if wanted:
        try:
            admin.create_topics(wanted, timeout_ms=WAIT_MS, wait_for_metadata=True)
        except TopicAlreadyExistsError:
            # Another start of the same stack was quicker, and has made the same topics.
            return []
    return sorted(wanted)


def main() -> int:
    """Create the topics; return 1 after a message when the brokers refuse."""
    arguments = argparse.ArgumentParser(prog="local.kafka.topics")
    arguments.add_argument("--bootstrap-servers", required=True)
    arguments.add_argument("--brokers", type=int, required=True)
    given = arguments.parse_args()
    logging.getLogger("kafka").setLevel(logging.CRITICAL)
    try:
        admin = KafkaAdminClient(
            bootstrap_servers=given.bootstrap_servers.split(","), bootstrap_timeout_ms=WAIT_MS
        )
        with closing(admin):
            made = create(admin, given.brokers)
    except KafkaError as problem:
        sys.stderr.write(f"the topics could not be created: {problem!r}\n")
        return 1
    sys.stderr.write(f"topics made: {', '.join(made) or 'none, all existed'}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
