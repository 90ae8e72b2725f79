"""The clients of a producer, made from what its command line says."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from contracts.ledger import Run
from contracts.topics import Topic
from producer.ledger import FileLedger, Ledger, NoLedger
from producer.outlets import Outlet
from producer.outlets.file import FileOutlet
from producer.outlets.kafka import KafkaAuth, KafkaOutlet, find_place, security
from producer.outlets.null import NullOutlet
from producer.subjects import Vault
from producer.vaults import FileVault, NoVault, PostgresVault

OutletName = Literal["kafka", "file", "null"]


@dataclass(frozen=True)
class Where:
    """Where events, real ids and the ledger go: what every command of the producer is told."""

    outlet: OutletName
    bootstrap_servers: str
    kafka_auth: KafkaAuth
    region: str
    out: Path | None
    vault: str
    ledger: Path | None


def open_outlet(where: Where, *topics: Topic, now_us: Callable[[], int]) -> Outlet:
    """The outlet for events of these topics; NotReady when Kafka has none of them."""
    if where.outlet == "null":
        return NullOutlet(clock=now_us)
    if where.outlet == "file":
        assert where.out is not None
        return FileOutlet(where.out, clock=now_us)
    sign_in = security(where.kafka_auth, where.region)
    place = find_place(where.bootstrap_servers, sign_in, *topics)
    return KafkaOutlet({"bootstrap.servers": where.bootstrap_servers, **sign_in}, place)


def open_vault(where: Where) -> Vault:
    """The vault that keeps the real ids; beside the events unless another one is named."""
    if where.vault.startswith(("postgres://", "postgresql://")):
        return PostgresVault(where.vault)
    if where.vault:
        return FileVault(Path(where.vault))
    if where.out is not None:
        return FileVault(where.out / "vault")
    return NoVault()


def open_ledger(where: Where, run: Run) -> Ledger:
    """The ledger of a run."""
    return NoLedger() if where.ledger is None else FileLedger(where.ledger, run)


def new_run_id(started_at: int) -> str:
    """A run's name: when it started, and something that no other run has."""
    started = datetime.fromtimestamp(started_at // 1_000_000, UTC)
    return f"{started:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
