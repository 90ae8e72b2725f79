"""The parts of a laptop's stack: what runs, in which order, and when each part is ready."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path

from local.artefacts.code_zip import CodeZip, source_root
from local.home import FILE_MODE, Home
from local.java.runtime import JavaHome
from local.profile import Profile, postgres_url
from local.spark import LOG4J2, application_names, driver_argv, driver_environment
from local.supervisor.plan import Part, Plan
from local.supervisor.processes import MARK

# A graceful stop of the applications ends the running batch and waits for the idle trigger.
SPARK_STOP_SECONDS = 60.0
# A machine that is three times as slow, and does something else beside, took 180 s. Killed at its
# deadline, Spark would only begin anew.
SPARK_READY_SECONDS = 540.0
_VALKEY_CLUSTER = "valkey-cluster"
# Postgres' fast shutdown: it ends the sessions and keeps every committed row.
SIGINT = 2


@dataclass(frozen=True)
class Installed:
    """What was fetched or built before the first process starts."""

    java: JavaHome
    jar_folder: Path
    spark_jars: tuple[Path, ...]
    code: CodeZip


@dataclass(frozen=True)
class StartOptions:
    """How a stack is started this time; nothing of it is kept for the next start."""

    spark: bool = True
    take_over: bool = False
    accept_new_topic: bool = False
    crash_order: Path | None = None


def plan(home: Home, profile: Profile, installed: Installed, options: StartOptions) -> Plan:
    """The plan of one stack: a pure function of its arguments."""
    base = environment(home, profile)
    ours = {**base, "PYTHONPATH": str(source_root())}
    # A new version of the code must run its tasks again, although their commands are the same.
    versioned = {**ours, "SHOPSTREAM_CODE": installed.code.sha256}
    url = postgres_url(home, profile)
    parts = [
        *(_broker(home, profile, installed, ours, node) for node in profile.nodes),
        Part(
            "postgres",
            title="Postgres",
            argv=_python("local.postgres", "--home", str(home.root)),
            environment=ours,
            ready={"probe": "postgres", "url": url},
            stop_signal=SIGINT,
            stop_seconds=20,
            address=url,
        ),
        *(_valkey_node(home, profile, ours, node) for node in profile.valkey_nodes),
        *_tasks(home, profile, versioned),
    ]
    if options.spark:
        parts.append(_spark(home, profile, installed, options, base))
    return Plan(profile.stack_id, tuple(parts))


def with_valkey_of(standing: Plan, home: Home, profile: Profile) -> Plan:
    """The standing plan with the nodes of Valkey that `profile` has.

    Nothing else in it changes: what a person asked for when the plan was made still holds.
    """
    known = {part.name for part in standing.parts}
    ours = {**environment(home, profile), "PYTHONPATH": str(source_root())}
    come = [_valkey_node(home, profile, ours, n) for n in profile.valkey_nodes if n not in known]
    nodes = {part.name for part in standing.parts if part.ready.get("probe") == "valkey"}
    gone = nodes.difference(profile.valkey_nodes)
    parts: list[Part] = []
    for part in standing.parts:
        if part.name == _VALKEY_CLUSTER:
            parts += [*come, replace(part, after=profile.valkey_nodes)]
        elif part.name not in gone:
            parts.append(part)
    return Plan(standing.stack_id, tuple(parts))


def _tasks(home: Home, profile: Profile, versioned: dict[str, str]) -> tuple[Part, ...]:
    """What is made inside the services before anything uses them."""
    return (
        Part(
            "topics",
            title="topics",
            kind="task",
            argv=_python(
                "local.kafka.topics",
                *("--bootstrap-servers", profile.bootstrap_servers),
                *("--brokers", str(profile.brokers)),
            ),
            environment=versioned,
            after=tuple(f"kafka-{node}" for node in profile.nodes),
        ),
        Part(
            "tables",
            title="Postgres tables",
            kind="task",
            argv=_python("lambdas.migrations", "--postgres", postgres_url(home, profile)),
            environment=versioned,
            after=("postgres",),
        ),
        Part(
            _VALKEY_CLUSTER,
            title="Valkey cluster",
            kind="task",
            argv=_python("local.valkey.cluster", "--home", str(home.root)),
            environment=versioned,
            after=profile.valkey_nodes,
        ),
    )


def environment(home: Home, profile: Profile) -> dict[str, str]:
    """The whole environment of every process: no credential of the user's shell is in it."""
    return {
        MARK: profile.stack_id,
        "PATH": "/usr/bin:/bin:/usr/sbin:/sbin",
        "HOME": str(home.root),
        "TMPDIR": str(home.scratch),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def write_configuration(home: Home) -> None:
    """Write the files of settings that the processes read."""
    path = home.run / "log4j2.properties"
    path.write_text(LOG4J2)
    path.chmod(FILE_MODE)


def _python(module: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-P", "-m", module, *arguments)


def _broker(
    home: Home, profile: Profile, installed: Installed, ours: dict[str, str], node: int
) -> Part:
    server = f"127.0.0.1:{profile.ports[f'kafka-{node}']}"
    return Part(
        f"kafka-{node}",
        title="Kafka" if profile.brokers == 1 else f"Kafka broker {node}",
        argv=_python(
            "local.kafka.broker",
            *("--home", str(home.root)),
            *("--node", str(node)),
            *("--java", str(installed.java.binary)),
            *("--jars", str(installed.jar_folder)),
        ),
        environment=ours,
        ready={"probe": "kafka", "server": server, "node": node},
        ready_seconds=90,
        # The last of three brokers would wait for ever: no quorum is left that it could leave.
        stop_seconds=15 if profile.brokers == 1 else 8,
        address=server,
    )


def _valkey_node(home: Home, profile: Profile, ours: dict[str, str], node: str) -> Part:
    return Part(
        node,
        title=node.replace("valkey", "Valkey").replace("-", " "),
        argv=_python("local.valkey.node", "--home", str(home.root), "--node", node),
        environment=ours,
        ready={"probe": "valkey", "port": profile.ports[node]},
        address=f"127.0.0.1:{profile.ports[node]}",
    )


def _spark(
    home: Home, profile: Profile, installed: Installed, options: StartOptions, base: dict[str, str]
) -> Part:
    return Part(
        "spark",
        title=f"Spark ({', '.join(application_names())})",
        argv=driver_argv(
            home,
            profile,
            take_over=options.take_over,
            accept_new_topic=options.accept_new_topic,
            crash_order=options.crash_order,
        ),
        environment=driver_environment(
            home, installed.java, installed.spark_jars, installed.code.path, base
        )
        | {"SHOPSTREAM_CODE": installed.code.sha256},
        after=("topics", "tables", _VALKEY_CLUSTER),
        ready={
            "probe": "applications",
            "url": postgres_url(home, profile),
            "names": list(application_names()),
        },
        ready_seconds=SPARK_READY_SECONDS,
        stop_seconds=SPARK_STOP_SECONDS,
    )
