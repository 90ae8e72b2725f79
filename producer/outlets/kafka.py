"""Events to Kafka: idempotent, acknowledged by all in-sync replicas, in large lz4 batches."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, cast

from confluent_kafka import (
    KafkaError,
    KafkaException,
    Message,
    Producer,
    TopicCollection,
)
from confluent_kafka.admin import AdminClient

from contracts.applications import KafkaAuth
from contracts.errors import NotReady, ShopstreamError
from contracts.topics import Topic, topic_id_text
from producer.clock import AwakeTime
from producer.outlets import Deliveries, Destination, Failure

CONNECT_SECONDS = 10.0
_US_PER_MS = 1000
# librdkafka chooses by the key's checksum.
_ANY_PARTITION = -1
_OnDelivery = Callable[[KafkaError | None, Message], None]
# Long enough for a leader to die and another to be elected. When an event was not acknowledged for
# so long, all that is under way has failed.
DELIVERY_SECONDS = 120
# By then every event that was sent has been acknowledged or has failed.
FLUSH_SECONDS = DELIVERY_SECONDS + 10
# A run tells its progress, and asks for deliveries, each second.
_LONGEST_STEP_SECONDS = 5.0
_SETTINGS: Mapping[str, Any] = {
    "client.id": "shopstream-producer",
    "acks": "all",
    "enable.idempotence": True,
    "compression.type": "lz4",
    "linger.ms": 100,
    # Errors only: a broker that has just started is asked again, with a warning each time.
    "log_level": 3,
    "batch.size": 1_000_000,
    # No end: librdkafka would count the time in which a laptop sleeps.
    "delivery.timeout.ms": 0,
    # The queue is the only part of a replay that could grow: 16 MB hold about ten thousand orders.
    "queue.buffering.max.kbytes": 16_384,
    "queue.buffering.max.messages": 100_000,
}


def security(auth: KafkaAuth, region: str) -> dict[str, Any]:
    """Client settings for a way to sign in; for ``msk-iam`` the signer of AWS makes each token, and
    EnvironmentProblem tells where it has no credentials."""
    if auth == "none":
        return {}
    # Imported only where AWS is used: it takes longer than connecting to a local broker.
    from producer.outlets.msk import in_time, msk_credentials, msk_token  # noqa: PLC0415

    token = partial(msk_token, region, msk_credentials)
    in_time(token)
    return {
        "security.protocol": "SASL_SSL",
        "sasl.mechanism": "OAUTHBEARER",
        "oauth_cb": lambda _config: token(),
    }


def find_destination(
    bootstrap_servers: str, sign_in: Mapping[str, Any], *topics: Topic
) -> Destination:
    """The ids of the cluster and the topics; NotReady if the broker is silent or lacks a topic."""
    names = [topic.name for topic in topics]
    admin = AdminClient({"bootstrap.servers": bootstrap_servers, "log_level": 0, **sign_in})
    try:
        cluster = admin.list_topics(timeout=CONNECT_SECONDS)
        if missing := [name for name in names if name not in cluster.topics]:
            raise NotReady(
                f"the broker at {bootstrap_servers} has no topic {' or '.join(missing)}",
                cause="no topic is made by writing to it",
                command="shopstream topics create",
            )
        described = admin.describe_topics(TopicCollection(names), request_timeout=CONNECT_SECONDS)
        topic_ids = {name: topic_id_text(str(described[name].result().topic_id)) for name in names}
        if cluster.cluster_id is None:
            raise NotReady(f"the broker at {bootstrap_servers} tells no cluster id")
    except KafkaException as error:
        raise NotReady(
            f"no Kafka broker answers at {bootstrap_servers}: {error.args[0].str()}",
            cause="the stack is not running, or it has another address",
            command="shopstream status",
        ) from error
    return Destination(cluster.cluster_id, topic_ids)


class KafkaOutlet:
    """Sends through librdkafka; `settings` (addresses, sign-in) are added to our own."""

    def __init__(
        self,
        settings: Mapping[str, Any],
        destination: Destination,
        monotonic: Callable[[], float],
        patience_seconds: float = DELIVERY_SECONDS,
    ) -> None:
        self._destination = destination
        self._patience_seconds = patience_seconds
        # Events under way: sent before this generation, and since it began. When all of the former
        # are acknowledged, the latter take their place.
        self._generation = self._before = self._since = 0
        self._waited = AwakeTime(monotonic, _LONGEST_STEP_SECONDS)
        self._fatal: KafkaError | None = None
        # One entry per acknowledged event.
        self._sequences: list[int] = []
        self._partitions: list[int | None] = []
        self._offsets: list[int | None] = []
        self._milliseconds: list[int] = []
        self._failures: list[Failure] = []
        self._producer = Producer({**_SETTINGS, "error_cb": self._on_error, **settings})

    def destination(self) -> Destination:
        return self._destination

    def send(
        self,
        topic: Topic,
        keys: Sequence[bytes],
        values: Sequence[bytes],
        sequences: Sequence[int],
    ) -> None:
        self._raise_fatal()
        produce, name, on_delivery = self._producer.produce, topic.name, self._on_delivery
        for key, value, sequence in zip(keys, values, sequences, strict=True):
            while True:
                try:
                    # Positional: the client takes a third longer to read arguments by name.
                    delivered: _OnDelivery = partial(on_delivery, sequence, self._generation)
                    produce(name, value, key, _ANY_PARTITION, delivered)
                    self._since += 1
                    break
                except BufferError:
                    # The local queue is full: the broker decides the pace from here.
                    self._producer.poll(0.1)
                    self._raise_fatal()
                    self._give_up_on_waiting()

    def deliveries(self) -> Deliveries:
        self._producer.poll(0)
        self._give_up_on_waiting()
        taken = Deliveries(
            self._sequences,
            _known(self._partitions),
            _known(self._offsets),
            [each * _US_PER_MS for each in self._milliseconds],
            self._failures,
        )
        self._sequences, self._partitions, self._offsets, self._milliseconds = [], [], [], []
        self._failures = []
        return taken

    def flush(self, timeout: float) -> int:
        self._raise_fatal()
        self._producer.flush(timeout)
        self._give_up_on_waiting()
        return len(self._producer)

    def close(self) -> None:
        """Forget what is not sent; librdkafka frees its threads with the object."""
        self._producer.purge()

    def _on_delivery(
        self, sequence: int, generation: int, error: KafkaError | None, message: Message
    ) -> None:
        if generation == self._generation:
            self._since -= 1
        else:
            self._before -= 1
        if error is not None:
            why = f"Kafka did not acknowledge all events for {self._patience_seconds:g} s"
            self._failures.append(Failure(sequence, why if _given_up(error) else error.str()))
            return
        _kind, milliseconds = message.timestamp()
        self._sequences.append(sequence)
        self._partitions.append(message.partition())
        self._offsets.append(message.offset())
        self._milliseconds.append(milliseconds)

    def _give_up_on_waiting(self) -> None:
        """Let all that is under way fail when an event has waited for too long: what it waits for,
        such as the leader of one partition, would keep others too."""
        if not self._before:
            self._generation, self._before, self._since = self._generation + 1, self._since, 0
            self._waited.restart()
        elif self._waited.passed() >= self._patience_seconds:
            self._producer.purge()
            self._producer.poll(0)

    def _on_error(self, error: KafkaError) -> None:
        # The client retries brokers that come and go; only a fatal error ends it.
        if error.fatal():
            self._fatal = error

    def _raise_fatal(self) -> None:
        if self._fatal is not None:
            raise ShopstreamError(
                f"Kafka refuses this producer for good: {self._fatal.str()}",
                command="start the same command again: known events count once",
            )


def _given_up(error: KafkaError) -> bool:
    return error.code() in (KafkaError._PURGE_QUEUE, KafkaError._PURGE_INFLIGHT)


def _known(numbers: Sequence[int | None]) -> Sequence[int]:
    """The numbers, of which an acknowledged message always has one."""
    if None in numbers:
        raise ShopstreamError("Kafka acknowledged an event without saying where it is")
    return cast("Sequence[int]", numbers)
