"""Versions of AWS services that the platform is written for, named once."""

from __future__ import annotations

# Spark 4.1.1, Iceberg 1.11.0; the long-term release, supported until 7 September 2029.
EMR_RELEASE = "emr-spark-8.1.0"
# Express brokers without ZooKeeper.
KAFKA_VERSION = "3.9.x.kraft"
# The Python of EMR's machines for which the packages of the jobs are installed. The release has
# others too, and its choice of one may change.
JOBS_PYTHON = "3.11"
