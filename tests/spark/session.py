"""The one Spark session of all tests: the jars and the Java of the laptop, no cluster, no UI."""

from __future__ import annotations

import logging
import shlex
import signal
import sys
from collections.abc import Iterator

import pytest
from pyspark.sql import SparkSession

from contracts.aws.spark_submit import local_words
from emr_jobs.spark.callbacks import start_callbacks
from local.java import runtime as java
from local.launch import fetch_jars
from ops.settings import CommandSettings

# For `pytestmark`. PySpark leaves the socket to its JVM, over which it collects, to the collector.
SPARK = [pytest.mark.spark, pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")]

CONFIGURATION = {
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.shuffle.partitions": "2",
    "spark.sql.codegen.cache.maxEntries": "2000",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    "spark.sql.streaming.noDataMicroBatches.enabled": "false",
}


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """A session as the applications have it, on two cores and 1 GiB."""
    folder = tmp_path_factory.mktemp("spark")
    settings = CommandSettings.from_environment()
    log = logging.getLogger(__name__)
    paths = fetch_jars(settings.cache, settings.network, log.info, ("spark",))["spark"]
    words = local_words(
        cores=2,
        memory="1g",
        properties={**CONFIGURATION, "spark.sql.warehouse.dir": (folder / "warehouse").as_uri()},
        # Every test compiles plans of its own, and few run long enough to be worth it.
        java=["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", f"-Djava.io.tmpdir={folder}"],
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JAVA_HOME", str(java.bundled(folder / "java").home))
        patch.setenv("PYSPARK_PYTHON", sys.executable)
        patch.setenv("SPARK_LOCAL_DIRS", str(folder))
        patch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
        patch.setenv("SPARK_DIST_CLASSPATH", ":".join(map(str, paths)))
        patch.setenv("PYSPARK_SUBMIT_ARGS", shlex.join(words))
        # Spark takes Ctrl-C for itself. A test may be the first to ask for the session, and every
        # test is held to leave the handlers of signals as they were.
        before = signal.getsignal(signal.SIGINT)
        session = SparkSession.builder.appName("tests").getOrCreate()
        signal.signal(signal.SIGINT, before)
        session.sparkContext.setLogLevel("ERROR")
        start_callbacks(session)
        yield session
        session.stop()
