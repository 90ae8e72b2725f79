"""The Spark applications: what each reads, how often, and the command line that starts them.

The laptop's supervisor and the job controller on AWS build their arguments here, so they cannot
differ.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from contracts.topics import ALERTS, CLICKS, ORDERS, PROMOTIONS, Topic

# An application that cannot be mended by a restart ends with this code; supervisors leave it down.
EXIT_STOPPED = 20
# A driver's heart beats every few seconds. One that was silent for so long is dead.
DEAD_AFTER_SECONDS = 60

# What a batch takes of a topic at most, as it lies on a broker's disk, where it may be compressed.
MAX_BATCH_BYTES = 256 * 1024 * 1024

KafkaAuth = Literal["none", "msk-iam"]
PostgresAuth = Literal["password", "rds-iam"]


@dataclass(frozen=True)
class Application:
    """`laptop_trigger` and `cloud_trigger` are in seconds: on AWS every request costs money.
    `max_offsets_per_trigger` is the most that a batch takes at the laptop's trigger. `hot`: some of
    its answers go on to Valkey."""

    name: str
    reads: tuple[Topic, ...]
    writes: tuple[Topic, ...]
    laptop_trigger: int
    cloud_trigger: int
    max_offsets_per_trigger: int
    hot: bool = False

    @property
    def group(self) -> str:
        """The Kafka group under which its applied offsets are published."""
        return f"shopstream-{self.name}"

    def max_offsets(self, trigger: int, bytes_each: float = 0.0) -> int:
        """The most records that one batch takes. A longer trigger takes as many per second:
        otherwise a batch every minute would fall behind a load that a batch every ten seconds
        keeps up with. Of records that take `bytes_each` on disk, no more than MAX_BATCH_BYTES."""
        most = self.max_offsets_per_trigger * max(trigger, self.laptop_trigger)
        most //= self.laptop_trigger
        return most if not bytes_each else max(1, min(most, int(MAX_BATCH_BYTES / bytes_each)))


INGEST = Application("ingest", (CLICKS, ORDERS, PROMOTIONS), (), 10, 60, 200_000)
ORDER_ANSWERS = Application("orders", (ORDERS,), (ALERTS,), 1, 5, 200_000)
CLICK_ANSWERS = Application("clicks", (CLICKS,), (), 5, 15, 200_000, hot=True)
APPLICATIONS: tuple[Application, ...] = (INGEST, ORDER_ANSWERS, CLICK_ANSWERS)


@dataclass(frozen=True)
class Endpoints:
    """Where an application's parts are; the only difference between a laptop and AWS.

    `registry`: ``bundled`` (schemas of the package), ``bundled:FOLDER`` (those and later versions
    in a folder) or ``glue:REGISTRY``. `postgres`: a libpq URL; with `postgres_auth` ``rds-iam`` it
    has no password, and each connection brings a token. `warehouse` and `checkpoint`: URLs.
    `metrics`: ``stdout`` or ``logs:GROUP``, a group of CloudWatch Logs. `valkey`: where the answers
    go that must be read at once, as `contracts.valkey_url` has it; empty for nowhere.
    """

    bootstrap_servers: str
    kafka_auth: KafkaAuth
    registry: str
    catalog: Literal["jdbc", "glue"]
    warehouse: str
    checkpoint: str
    postgres: str
    postgres_auth: PostgresAuth = "password"
    metrics: str = "stdout"
    valkey: str = ""


def application(name: str) -> Application:
    """The application called `name`; raises KeyError with the known names."""
    known = {each.name: each for each in APPLICATIONS}
    if name not in known:
        raise KeyError(f"no application {name!r}; known: {', '.join(known)}")
    return known[name]


def command_line(
    applications: Sequence[str],
    endpoints: Endpoints,
    *,
    triggers: dict[str, int] | None = None,
    take_over: bool = False,
    accept_new_topic: bool = False,
) -> list[str]:
    """Arguments for ``python -m emr_jobs``; `triggers` overrides seconds by application."""
    chosen = [application(name) for name in applications]
    seconds = {app.name: app.laptop_trigger for app in chosen} | (triggers or {})
    arguments = [
        *(app.name for app in chosen),
        *(f"--{name.replace('_', '-')}={value}" for name, value in asdict(endpoints).items()),
        f"--trigger={','.join(f'{app.name}={seconds[app.name]}s' for app in chosen)}",
    ]
    wishes = {"--take-over": take_over, "--accept-new-topic": accept_new_topic}
    return [*arguments, *(name for name, wished in wishes.items() if wished)]
