"""The clients of a producer, made from its command line."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from contracts.applications import KafkaAuth
from contracts.errors import NotReady
from contracts.ledger import Run
from contracts.registry import Registry, RegistryError, SchemaVersion
from contracts.registry.opening import open_registry
from contracts.schemas import bundled_schemas, canonical
from contracts.times import SECOND_US
from contracts.topics import Topic
from producer.clock import Clock
from producer.disk_room import Backlog, DiskRoom
from producer.ledger import FileLedger, Ledger, NoLedger
from producer.order_ids import FileOrderIds, NoOrderIds, OrderIds, PostgresOrderIds
from producer.outlets import Destination, Outlet
from producer.outlets.file import FileOutlet
from producer.outlets.kafka import KafkaOutlet, find_destination, security
from producer.outlets.null import NullOutlet
from producer.patient_postgres import PatientPostgres
from producer.room import EndlessRoom, Room
from producer.subjects import Vault
from producer.vaults import FileVault, NoVault, PostgresVault

OutletName = Literal["kafka", "file", "null"]


@dataclass(frozen=True)
class ProducerEndpoints:
    """Where a command of the producer sends events, real ids and the ledger."""

    outlet: OutletName
    bootstrap_servers: str
    kafka_auth: KafkaAuth
    region: str
    registry: str
    out: Path | None
    vault: str
    ledger: Path | None
    state: Path | None


def open_outlet(endpoints: ProducerEndpoints, *topics: Topic, clock: Clock) -> Outlet:
    """The outlet for events of these topics; NotReady if Kafka lacks one."""
    if endpoints.outlet == "null":
        return NullOutlet(clock=clock.now_us)
    if endpoints.outlet == "file":
        assert endpoints.out is not None
        return FileOutlet(endpoints.out, clock=clock.now_us)
    sign_in = security(endpoints.kafka_auth, endpoints.region)
    destination = find_destination(endpoints.bootstrap_servers, sign_in, *topics)
    settings = {"bootstrap.servers": endpoints.bootstrap_servers, **sign_in}
    return KafkaOutlet(settings, destination, clock.monotonic)


def open_schemas(endpoints: ProducerEndpoints) -> Registry:
    """The registry whose ids the events carry."""
    if not endpoints.registry.startswith("glue:"):
        return open_registry(endpoints.registry)
    # A shop on a laptop needs no AWS package, and importing one takes 0.3 s.
    import boto3  # noqa: PLC0415

    return open_registry(
        endpoints.registry, glue_client=boto3.client("glue", region_name=endpoints.region or None)
    )


def written_version(registry: Registry, family: str, text: str) -> SchemaVersion:
    """The version of a schema that this package writes; NotReady if the registry does not have it
    or does not answer."""
    try:
        for version in registry.versions(family):
            if version.schema == canonical(text):
                return version
    except RegistryError as problem:
        raise NotReady(
            f"the schema registry does not tell of {family}: {problem}",
            cause="a wrong name or region, or no right to read it",
            command="look at --registry and --region",
        ) from problem
    raise NotReady(
        f"the schema registry has no version of {family} that this package writes",
        cause="what is deployed is older than this package",
        command="deploy this version first",
    )


def version_to_write(endpoints: ProducerEndpoints, topic: Topic) -> SchemaVersion:
    """The version of a topic's schema that a replay writes; NotReady as in `written_version`."""
    return written_version(
        open_schemas(endpoints), topic.schema, bundled_schemas()[topic.schema][0]
    )


def open_vault(endpoints: ProducerEndpoints) -> Vault:
    """The vault that keeps the real ids. If none is named, it lies beside the events."""
    if endpoints.vault.startswith(("postgres://", "postgresql://")):
        return PostgresVault(endpoints.vault)
    if endpoints.vault:
        return FileVault(Path(endpoints.vault))
    if endpoints.out is not None:
        return FileVault(endpoints.out / "vault")
    return NoVault()


def open_order_ids(endpoints: ProducerEndpoints) -> OrderIds:
    """What was said of orders, kept where the real ids are."""
    if endpoints.vault.startswith(("postgres://", "postgresql://")):
        return PostgresOrderIds(endpoints.vault)
    if endpoints.vault:
        return FileOrderIds(Path(endpoints.vault))
    return NoOrderIds() if endpoints.out is None else FileOrderIds(endpoints.out / "vault")


def open_room(endpoints: ProducerEndpoints, destination: Destination) -> Room:
    """The room on the disk of the state folder; without one, as on AWS, there is no end of it."""
    if endpoints.state is None:
        return EndlessRoom()
    postgres = PatientPostgres(endpoints.vault, "what the applications have applied")
    backlog = Backlog(endpoints.bootstrap_servers, destination.topic_ids, postgres)
    return DiskRoom(endpoints.state, backlog.records, backlog.close)


def open_ledger(endpoints: ProducerEndpoints, run: Run) -> Ledger:
    """The ledger of a run."""
    return NoLedger() if endpoints.ledger is None else FileLedger(endpoints.ledger, run)


def new_run_id(started_at: int) -> str:
    """A run's name: its start, and letters that no other run has."""
    started = datetime.fromtimestamp(started_at // SECOND_US, UTC)
    return f"{started:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
