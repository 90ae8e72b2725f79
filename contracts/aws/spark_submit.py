"""What spark-submit is told, wherever it runs: on a laptop, on EMR's YARN or on EMR Serverless."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from contracts.applications import Application, Endpoints, command_line

Platform = Literal["yarn", "serverless"]
Processor = Literal["arm64", "x86_64"]

# The folder into which the archive of dependencies is unpacked beside driver and executors.
DEPENDENCIES = "dependencies"
# Certificates of the database's authority, in that folder.
DATABASE_ROOTS = f"{DEPENDENCIES}/rds-roots.pem"

# Avro allocates the length that a record claims before it reads it.
_AVRO_LIMITS = {
    "org.apache.avro.limits.string.maxLength": 2 * 1024 * 1024,
    "org.apache.avro.limits.bytes.maxLength": 2 * 1024 * 1024,
    "org.apache.avro.limits.collectionItems.maxLength": 1_000_000,
}
JAVA_OPTIONS = (
    *(f"-D{name}={value}" for name, value in _AVRO_LIMITS.items()),
    "-Duser.timezone=UTC",
)
# Days, hours and windows are those of UTC on every machine.
CONFIGURATION = {
    "spark.sql.session.timeZone": "UTC",
    # Every table is in the lake's own catalog: Hive's, which EMR puts in its stead, is not asked.
    "spark.sql.catalogImplementation": "in-memory",
}


@dataclass(frozen=True)
class Package:
    """URLs of what is shipped. `code` and `entry` are the same bytes everywhere, `dependencies` is
    for the processor of the machines."""

    code: str
    entry: str
    jars: tuple[str, ...]
    dependencies: str


@dataclass(frozen=True)
class Sizes:
    """Of one application: a stream keeps its executors, whose number is fixed."""

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
        """Changes with all that makes a restart necessary; brokers come and go without one."""
        parts = asdict(self)
        del parts["endpoints"]["bootstrap_servers"]
        text = json.dumps(parts, sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def arguments(self, *, take_over: bool) -> list[str]:
        """What follows the entry: the command line of the application."""
        return command_line(
            [self.application.name],
            self.endpoints,
            triggers={self.application.name: self.trigger},
            take_over=take_over,
        )

    def configuration(self) -> dict[str, str]:
        """Spark's properties."""
        options = " ".join(JAVA_OPTIONS)
        return {
            **CONFIGURATION,
            "spark.jars": ",".join(self.package.jars),
            "spark.submit.pyFiles": self.package.code,
            "spark.archives": f"{self.package.dependencies}#{DEPENDENCIES}",
            "spark.driver.extraJavaOptions": options,
            "spark.executor.extraJavaOptions": options,
            "spark.driver.cores": str(self.sizes.driver_cores),
            "spark.driver.memory": self.sizes.driver_memory,
            "spark.executor.cores": str(self.sizes.executor_cores),
            "spark.executor.memory": self.sizes.executor_memory,
            "spark.executor.instances": str(self.sizes.executors),
            # It would give executors back between batches and lose where state lies.
            "spark.dynamicAllocation.enabled": "false",
            **self._environment(),
            **(_YARN if self.platform == "yarn" else {}),
        }

    def _environment(self) -> dict[str, str]:
        variables = {
            "PYTHONPATH": DEPENDENCIES,
            # Machines of a cluster are not told where they are; the SDKs differ in what they read.
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
        }
        return {
            f"{prefix}.{name}": value
            for prefix in (_DRIVER_ENVIRONMENT[self.platform], "spark.executorEnv")
            for name, value in variables.items()
        }

    def step_words(self, *, tag: str, take_over: bool) -> list[str]:
        """The whole command as a step of EMR on EC2; `tag` is the YARN application's."""
        words = ["spark-submit", "--deploy-mode", "cluster", "--name", tag]
        properties = {**self.configuration(), "spark.yarn.tags": tag}
        for name, value in sorted(properties.items()):
            words += ["--conf", f"{name}={value}"]
        return [*words, self.package.entry, *self.arguments(take_over=take_over)]


_DRIVER_ENVIRONMENT: dict[Platform, str] = {
    "yarn": "spark.yarn.appMasterEnv",
    "serverless": "spark.emr-serverless.driverEnv",
}
_YARN = {
    # The step lives as long as the stream, so the step's state is the stream's.
    "spark.yarn.submit.waitAppCompletion": "true",
    # The job controller alone restarts: a second attempt of a driver that was told to take over
    # would take over from its successor.
    "spark.yarn.maxAppAttempts": "1",
}


def local_words(
    *, cores: int, memory: str, properties: dict[str, str], java: Sequence[str]
) -> list[str]:
    """What a laptop's single process hands to spark-submit; `java` are further options of Java."""
    settings = {
        "spark.driver.extraJavaOptions": " ".join([*JAVA_OPTIONS, *java]),
        **CONFIGURATION,
        **properties,
    }
    words = ["--master", f"local[{cores}]", "--driver-memory", memory]
    for name, value in settings.items():
        words += ["--conf", f"{name}={value}"]
    return [*words, "pyspark-shell"]
