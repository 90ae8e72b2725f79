"""One Kafka node in KRaft mode: its configuration, its storage, and its process.

`python -m local.kafka.broker --home DIR --node N --java PATH --jars DIR` becomes the broker.
"""

from __future__ import annotations

import argparse
import os
import subprocess
from pathlib import Path

from contracts.topics import TIMESTAMP_TYPE, min_in_sync, replicas
from local.home import FOLDER_MODE, Home
from local.java.jars import read_lock
from local.java.runtime import NO_PERFORMANCE_FILE
from local.profile import Profile, require_profile

HEAP_MB = 256
# A laptop needs other values than a server: few partitions for offsets, and a quick failover.
COMMON = {
    "process.roles": "broker,controller",
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "PLAINTEXT",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "auto.create.topics.enable": "false",
    "log.message.timestamp.type": TIMESTAMP_TYPE,
    "offsets.topic.num.partitions": "3",
    "transaction.state.log.num.partitions": "3",
    "group.initial.rebalance.delay.ms": "0",
    "broker.session.timeout.ms": "6000",
    "broker.heartbeat.interval.ms": "1000",
    "controlled.shutdown.max.retries": "1",
    "log.segment.bytes": str(256 * 1024 * 1024),
    "num.network.threads": "2",
    "num.io.threads": "4",
    # Kafka refuses to start when the recovery of a part of a large topic's partitions is slow.
    "num.recovery.threads.per.data.dir": "2",
}

LOG4J = """log4j.rootLogger=WARN, out
log4j.logger.kafka=INFO
log4j.logger.org.apache.kafka.server=INFO
log4j.appender.out=org.apache.log4j.ConsoleAppender
log4j.appender.out.layout=org.apache.log4j.PatternLayout
log4j.appender.out.layout.ConversionPattern=%d{ISO8601} %p %m (%c{1})%n
"""


def properties(profile: Profile, node: int, data: Path) -> dict[str, str]:
    """The configuration of one node."""
    voters = ",".join(
        f"{other}@127.0.0.1:{profile.ports[f'kafka-controller-{other}']}" for other in profile.nodes
    )
    address = f"PLAINTEXT://127.0.0.1:{profile.ports[f'kafka-{node}']}"
    controller = f"CONTROLLER://127.0.0.1:{profile.ports[f'kafka-controller-{node}']}"
    copies, in_sync = str(replicas(profile.brokers)), str(min_in_sync(profile.brokers))
    return {
        **COMMON,
        "node.id": str(node),
        "controller.quorum.voters": voters,
        "listeners": f"{address},{controller}",
        "advertised.listeners": address,
        "log.dirs": str(data),
        "default.replication.factor": copies,
        "min.insync.replicas": in_sync,
        "offsets.topic.replication.factor": copies,
        "transaction.state.log.replication.factor": copies,
        "transaction.state.log.min.isr": in_sync,
    }


def render(values: dict[str, str]) -> str:
    """The text of a properties file."""
    return "".join(f"{name}={value}\n" for name, value in sorted(values.items()))


def main() -> None:
    """Format the storage of a new node, then become the broker."""
    arguments = argparse.ArgumentParser(prog="local.kafka.broker")
    arguments.add_argument("--home", type=Path, required=True)
    arguments.add_argument("--node", type=int, required=True)
    arguments.add_argument("--java", type=Path, required=True)
    arguments.add_argument("--jars", type=Path, required=True)
    given = arguments.parse_args()
    home = Home(given.home)
    profile = require_profile(home)
    folder = home.kafka(given.node)
    data = folder / "data"
    folder.mkdir(mode=FOLDER_MODE, exist_ok=True)
    configuration = folder / "server.properties"
    configuration.write_text(render(properties(profile, given.node, data)))
    (folder / "log4j.properties").write_text(LOG4J)
    files = sorted(read_lock()["broker"].files)
    java = [
        *(str(given.java), f"-Xms{HEAP_MB}m", f"-Xmx{HEAP_MB}m", "-XX:+UseSerialGC"),
        # In its first minutes the second compiler takes as long as the broker itself: under 2,000
        # events/s three brokers took 74 CPU seconds in 75 s with it, and 43 without it.
        *("-XX:TieredStopAtLevel=1", "-XX:+ExitOnOutOfMemoryError", NO_PERFORMANCE_FILE),
        *(f"-Dlog4j.configuration=file:{folder / 'log4j.properties'}", "-Djava.awt.headless=true"),
        *("-cp", ":".join(str(given.jars / file.file_name) for file in files)),
    ]
    if not (data / "meta.properties").exists():
        # One word, because an id may begin with a dash.
        tool = ["kafka.tools.StorageTool", "format", f"--cluster-id={profile.cluster_id}"]
        subprocess.run([*java, *tool, "-c", str(configuration)], check=True)
    os.execv(given.java, [*java, "kafka.Kafka", str(configuration)])


if __name__ == "__main__":
    main()
