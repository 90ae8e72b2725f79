"""The Spark applications as one process of the laptop: its arguments and its environment."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from contracts.applications import APPLICATIONS, Endpoints, command_line
from contracts.aws.spark_submit import local_words
from local.home import Home
from local.java.runtime import NO_PERFORMANCE_FILE, JavaHome
from local.profile import Profile, postgres_url, valkey_url

DRIVER_MEMORY = "2g"
YOUNG_MEMORY = "768m"
CORES = 2
# Slots for tasks. With one per core a stage of `orders`, which has a dozen short tasks per batch,
# would wait for the tasks of `clicks` and of the lake, which take seconds.
TASK_SLOTS = 4

# With its defaults the second compiler takes 41 of Spark's 141 CPU seconds in the first two minutes
# of traffic. At twenty times its thresholds it takes 18 of 132: it compiles the code that runs per
# row, and little of the code that plans. A concurrent collector took 15 of 127
# (docs/adr/0013-two-cores.md).
JVM = (
    "-XX:Tier4InvocationThreshold=100000",
    "-XX:Tier4MinInvocationThreshold=12000",
    "-XX:Tier4CompileThreshold=300000",
    "-XX:Tier4BackEdgeThreshold=800000",
    "-XX:+UseSerialGC",
    NO_PERFORMANCE_FILE,
    # The heap starts at the size that it grows to. Otherwise there were 148 collections in 100 s,
    # three times what is needed, and ten of them stopped everything for up to half a second.
    f"-Xms{DRIVER_MEMORY}",
    "-XX:MetaspaceSize=512m",
    # Three eighths of the heap are for what lives as long as a batch. With the default of a third
    # it was collected 90 times in two minutes; with a half the rest is collected twice as often.
    f"-Xmn{YOUNG_MEMORY}",
    # Java collects everything, for half a second, each time the compiled code has grown by 15 % of
    # this size. With the default of 240m that was four times in two minutes.
    "-XX:ReservedCodeCacheSize=512m",
)

LOG4J2 = """rootLogger.level = warn
rootLogger.appenderRef.out.ref = out
appender.out.type = Console
appender.out.name = out
appender.out.target = SYSTEM_ERR
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %d{yyyy-MM-dd HH:mm:ss.SSS}{UTC} %p %c{1}: %m%n%ex
# Both warn at each start of something that is not a fault.
logger.native.name = org.apache.hadoop.util.NativeCodeLoader
logger.native.level = error
logger.admin.name = org.apache.kafka.clients.admin.AdminClientConfig
logger.admin.level = error
"""


def application_names() -> tuple[str, ...]:
    """The names of all applications; one process runs them all."""
    return tuple(app.name for app in APPLICATIONS)


def endpoints(home: Home, profile: Profile) -> Endpoints:
    """Where the parts of this stack are, as the applications are told."""
    return Endpoints(
        bootstrap_servers=profile.bootstrap_servers,
        kafka_auth="none",
        registry=home.registry,
        catalog="jdbc",
        warehouse=home.warehouse.as_uri(),
        checkpoint=home.checkpoints.as_uri(),
        postgres=postgres_url(home, profile),
        valkey=valkey_url(home, profile),
    )


def driver_argv(
    home: Home,
    profile: Profile,
    *,
    take_over: bool,
    accept_new_topic: bool,
    crash_order: Path | None,
) -> tuple[str, ...]:
    """The command of the driver process. `crash_order`: see `emr_jobs.kernel.crash_points`."""
    arguments = command_line(
        application_names(),
        endpoints(home, profile),
        take_over=take_over,
        accept_new_topic=accept_new_topic,
    )
    # -P: nothing is imported from the working directory.
    crash = () if crash_order is None else (f"--crash-order={crash_order}",)
    return (sys.executable, "-P", "-m", "emr_jobs", *arguments, *crash)


def driver_environment(
    home: Home, java: JavaHome, jars: Sequence[Path], code: Path, base: Mapping[str, str]
) -> dict[str, str]:
    """The environment of the driver process: the code from the zip, Java and jars by path."""
    return {
        **base,
        "PYTHONPATH": str(code),
        "JAVA_HOME": str(java.home),
        "PYSPARK_PYTHON": sys.executable,
        "PYSPARK_DRIVER_PYTHON": sys.executable,
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_LOCAL_DIRS": str(home.scratch),
        "PYSPARK_SUBMIT_ARGS": submit_arguments(home),
        # These stand behind Spark's own jars, which must win: one of these brings another Netty.
        # With --jars Spark would copy every file at each start.
        "SPARK_DIST_CLASSPATH": ":".join(str(jar) for jar in jars),
    }


def submit_arguments(home: Home) -> str:
    """The arguments that pyspark hands to spark-submit."""
    words = local_words(
        cores=TASK_SLOTS,
        memory=DRIVER_MEMORY,
        properties={
            "spark.default.parallelism": str(CORES),
            "spark.driver.host": "127.0.0.1",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.ui.enabled": "false",
            "spark.sql.warehouse.dir": (home.scratch / "spark-warehouse").as_uri(),
        },
        java=[
            *JVM,
            f"-Djava.io.tmpdir={home.scratch}",
            f"-Dlog4j2.configurationFile={home.run / 'log4j2.properties'}",
        ],
    )
    return shlex.join(words)
