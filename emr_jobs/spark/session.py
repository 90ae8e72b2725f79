"""The Spark session of the applications."""

from __future__ import annotations

from pyspark.sql import SparkSession

from contracts.applications import Endpoints
from contracts.tables.lake import CATALOG
from emr_jobs.spark.callbacks import start_callbacks
from emr_jobs.spark.planner import checkpoint_manager
from emr_jobs.stores.endpoints import postgres_of


def start_session(endpoints: Endpoints) -> SparkSession:
    """A session in UTC with the lake's catalog; where it runs is spark-submit's business."""
    builder = (
        SparkSession.builder.appName("shopstream")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.sql.adaptive.enabled", "false")
        .config("spark.sql.streaming.noDataMicroBatches.enabled", "false")
        # Sketches are aggregated as objects, and beyond 128 keys per task Spark would sort instead
        # of hash: 20 against 14 microseconds per row. A key takes 4 KiB at most.
        .config("spark.sql.objectHashAggregate.sortBased.fallbackThreshold", "50000")
        # The batches of all applications run some 250 generated classes. Were 100 kept, which is
        # the default, each batch would compile its own anew, 40 ms per class, and run them cold.
        .config("spark.sql.codegen.cache.maxEntries", "2000")
        # A batch is kept for seconds: to find out how it could be kept smaller takes a tenth of all
        # that tasks do.
        .config("spark.sql.inMemoryColumnarStorage.compressed", "false")
        # Spark writes the text of each plan for an interface that nobody opens: in its long form,
        # and with every column, 3 % of all CPU time under traffic.
        .config("spark.sql.ui.explainMode", "simple")
        .config("spark.sql.debug.maxToStringFields", "2")
        # Answers of a small batch are not to wait behind a large lake commit.
        .config("spark.scheduler.mode", "FAIR")
        .config("spark.sql.execution.arrow.pyspark.enabled", "true")
        # Otherwise every call that makes a column first tells the JVM the line that made it, for
        # the text of an error: more than half of all calls of a batch.
        .config("spark.python.sql.dataFrameDebugging.enabled", "false")
    )
    manager = checkpoint_manager(endpoints.checkpoint)
    if manager is not None:
        builder = builder.config("spark.sql.streaming.checkpointFileManagerClass", manager)
    spark = builder.getOrCreate()
    start_callbacks(spark)
    # For work that is not a batch of records: a batch says itself how wide it runs.
    cores = spark.sparkContext.defaultParallelism
    spark.conf.set("spark.sql.shuffle.partitions", str(cores))
    _open_catalog(spark, endpoints)
    return spark


def _open_catalog(spark: SparkSession, endpoints: Endpoints) -> None:
    """Set at run time, not on the command line, so that no password shows in a process list."""
    prefix = f"spark.sql.catalog.{CATALOG}"
    spark.conf.set(f"{prefix}.warehouse", endpoints.warehouse)
    # A cached table is stale in another query's session.
    spark.conf.set(f"{prefix}.cache-enabled", "false")
    if endpoints.catalog == "jdbc":
        jdbc = postgres_of(endpoints).jdbc()
        spark.conf.set(f"{prefix}.type", "jdbc")
        spark.conf.set(f"{prefix}.uri", jdbc.url)
        spark.conf.set(f"{prefix}.jdbc.user", jdbc.user)
        spark.conf.set(f"{prefix}.jdbc.password", jdbc.password)
        spark.conf.set(f"{prefix}.jdbc.schema-version", "V1")
    else:
        spark.conf.set(f"{prefix}.catalog-impl", "org.apache.iceberg.aws.glue.GlueCatalog")
        spark.conf.set(f"{prefix}.io-impl", "org.apache.iceberg.aws.s3.S3FileIO")
    spark.conf.set(prefix, "org.apache.iceberg.spark.SparkCatalog")
