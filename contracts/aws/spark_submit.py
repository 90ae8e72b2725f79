"""What spark-submit is told, wherever it runs: on a laptop, on EMR's YARN or on EMR Serverless."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from contracts.applications import Application, Endpoints, command_line
from contracts.aws.releases import JOBS_PYTHON

Platform = Literal["yarn", "serverless"]
Processor = Literal["arm64", "x86_64"]

# The folder into which the archive of dependencies is unpacked beside driver and executors.
DEPENDENCIES = "dependencies"
# Certificates of the database's authority: beside the functions' handlers, and in that folder.
DATABASE_ROOTS_FILE = "rds-roots.pem"
DATABASE_ROOTS = f"{DEPENDENCIES}/{DATABASE_ROOTS_FILE}"

# Avro allocates the length that a record claims, before it reads the record.
_AVRO_LIMITS = {
    "org.apache.avro.limits.string.maxLength": 2 * 1024 * 1024,
    "org.apache.avro.limits.bytes.maxLength": 2 * 1024 * 1024,
    "org.apache.avro.limits.collectionItems.maxLength": 1_000_000,
}
JAVA_OPTIONS = (
    *(f"-D{name}={value}" for name, value in _AVRO_LIMITS.items()),
    "-Duser.timezone=UTC",
    # Java interprets methods above 8,000 bytecodes for ever, and the rules of one topic are such a
    # method: a ninth of all that a batch of ingest costs.
    "-XX:-DontCompileHugeMethods",
)
# Every machine counts days, hours and windows in UTC.
CONFIGURATION = {
    "spark.sql.session.timeZone": "UTC",
    # Every table is in the lake's own catalog. EMR would put Hive's in its stead.
    "spark.sql.catalogImplementation": "in-memory",
}


@dataclass(frozen=True)
class Package:
    """URLs of what is shipped. `code` and `entry` are the same bytes everywhere; `dependencies` are
    those of the machines' processor."""

    code: str
    entry: str
    jars: tuple[str, ...]
    dependencies: str


@dataclass(frozen=True)
class Sizes:
    """The driver and the executors of one application, whose number is fixed."""

    driver_cores: int = 1
    driver_memory: str = "3g"
    executors: int = 2
    executor_cores: int = 2
    executor_memory: str = "6g"


@dataclass(frozen=True)
class Submission:
    """One application, ready to be started with `arguments`."""

    application: Application
    package: Package
    platform: Platform
    sizes: Sizes
    endpoints: Endpoints
    trigger: int
    region: str

    @property
    def fingerprint(self) -> str:
        """It changes with everything that makes a restart necessary. Brokers come and go without a
        restart."""
        parts = asdict(self)
        del parts["endpoints"]["bootstrap_servers"]
        text = json.dumps(parts, sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def arguments(self, *, take_over: bool) -> list[str]:
        """The command line of the application, which follows the entry."""
        return command_line(
            [self.application.name],
            self.endpoints,
            triggers={self.application.name: self.trigger},
            take_over=take_over,
        )

    def options(self) -> list[str]:
        """Options of spark-submit before the entry. The jars are among them: as a property they
        would exceed the 1,024 characters that EMR Serverless allows for a value."""
        return ["--jars", ",".join(self.package.jars)]

    def configuration(self) -> dict[str, str]:
        """Spark's properties."""
        options = " ".join(JAVA_OPTIONS)
        return {
            **CONFIGURATION,
            "spark.submit.pyFiles": self.package.code,
            "spark.archives": f"{self.package.dependencies}#{DEPENDENCIES}",
            "spark.driver.extraJavaOptions": options,
            "spark.executor.extraJavaOptions": options,
            "spark.driver.cores": str(self.sizes.driver_cores),
            "spark.driver.memory": self.sizes.driver_memory,
            "spark.executor.cores": str(self.sizes.executor_cores),
            "spark.executor.memory": self.sizes.executor_memory,
            "spark.executor.instances": str(self.sizes.executors),
            # It would release executors between batches, and with them the location of state.
            "spark.dynamicAllocation.enabled": "false",
            **self._environment(),
            **(_YARN if self.platform == "yarn" else {}),
        }

    def _environment(self) -> dict[str, str]:
        python = f"/usr/bin/python{JOBS_PYTHON}"
        variables = {
            "PYSPARK_PYTHON": python,
            "PYSPARK_DRIVER_PYTHON": python,
            "PYTHONPATH": DEPENDENCIES,
            # Machines of a cluster do not know their region, and the SDKs read different variables.
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
        }
        return {
            f"{prefix}.{name}": value
            for prefix in (_DRIVER_ENVIRONMENT[self.platform], "spark.executorEnv")
            for name, value in variables.items()
        }

    def step_words(self, *, tag: str, take_over: bool) -> list[str]:
        """The whole command as a step of EMR on EC2. `tag` is that of the YARN application."""
        words = ["spark-submit", "--deploy-mode", "cluster", "--name", tag, *self.options()]
        properties = {**self.configuration(), "spark.yarn.tags": tag}
        for name, value in sorted(properties.items()):
            words += ["--conf", f"{name}={value}"]
        return [*words, self.package.entry, *self.arguments(take_over=take_over)]


_DRIVER_ENVIRONMENT: dict[Platform, str] = {
    "yarn": "spark.yarn.appMasterEnv",
    "serverless": "spark.emr-serverless.driverEnv",
}
_YARN = {
    # The step lives as long as the stream, so its state is that of the stream.
    "spark.yarn.submit.waitAppCompletion": "true",
    # Only the job controller restarts. A second attempt of a driver that was told to take over
    # would take over from its successor.
    "spark.yarn.maxAppAttempts": "1",
}


# On a laptop the driver is its only executor, so that a heartbeat tells nothing. After a sleep of
# over 120 s Spark would take it for lost, and with it every task of the batch. The same sleep would
# end a question between two threads of the driver, and a broadcast.
_ONE_PROCESS = {
    "spark.storage.blockManagerHeartbeatTimeoutMs": "30d",
    "spark.rpc.askTimeout": "30d",
    "spark.sql.broadcastTimeout": "30d",
}


def local_words(
    *, cores: int, memory: str, properties: dict[str, str], java: Sequence[str]
) -> list[str]:
    """What the single process of a laptop hands to spark-submit. `java` are more options of
    Java."""
    settings = {
        "spark.driver.extraJavaOptions": " ".join([*JAVA_OPTIONS, *java]),
        **CONFIGURATION,
        **_ONE_PROCESS,
        **properties,
    }
    words = ["--master", f"local[{cores}]", "--driver-memory", memory]
    for name, value in settings.items():
        words += ["--conf", f"{name}={value}"]
    return [*words, "pyspark-shell"]
