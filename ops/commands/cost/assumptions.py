"""What a template cannot say: each number with its reason, all of them printed with the answer.

Where a number is uncertain the dearer one is taken. Nothing here was measured on AWS.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class Assumption:
    """A number and what it means."""

    value: Decimal
    meaning: str


def _assume(value: str, meaning: str) -> Assumption:
    return Assumption(Decimal(value), meaning)


HOURS = _assume("730", "hours of a month, as AWS counts them")
EVENT_BYTES = _assume("300", "bytes of an event in Kafka")
CLICKS = _assume("0.949", "share of clicks among events")
ORDERS = _assume("0.05", "share of orders among events; a shop has far fewer")
PROMOTIONS = _assume("0.001", "share of promotions among events")
ALERTS = _assume("0.005", "alerts for an order")
ALERT_BYTES = _assume("600", "bytes of an alert in Kafka")

KAFKA_COPIES = _assume("3", "copies of a record that Express storage is billed for; perhaps one")
BROKER_METRICS = _assume("34", "metrics of a broker at PER_BROKER, as the MSK guide lists them")
TOPIC_METRICS = _assume("1", "metrics of a topic and broker at PER_TOPIC_PER_BROKER")
PARTITION_METRICS = _assume("3", "metrics of a group and partition at PER_TOPIC_PER_PARTITION")

OTHER_ZONE = _assume("0.67", "share of a client's traffic whose broker or node is in another zone")
STORE_BYTES = _assume("2", "bytes to and from Postgres and Valkey for a byte of an order")
ENDPOINT_GB = _assume("2", "GB a month through an interface endpoint, beside logs")

EMR_ROOT_GB = _assume("15", "root volume of an EMR instance")
EMR_DISK_GB = _assume("64", "disks that EMR gives an xlarge instance where nothing is set")

ACU_BASE = _assume("0.5", "ACU of a database without orders")
ACU_FOR_ORDER = _assume("0.03", "ACU for an order a second, for its look-up, insert and answers")
BATCH_IO = _assume("100", "I/O requests of a batch: progress, journal, commit, outbox")
ORDER_IO = _assume("2", "I/O requests of an order: its id is looked up in a random index page")
ANSWERS_OF_ORDER = _assume("4", "rows of order_metrics that an order touches")
MOST_ANSWERS = _assume("5000", "rows of order_metrics that one batch touches at most")
ANSWER_IO = _assume("0.25", "I/O requests of a touched row; Aurora bills its log in 4 KiB")
ORDER_ROW_BYTES = _assume("250", "bytes of an order in Postgres with its index")
ANSWER_GB = _assume("20", "GB of answers, journal and free space in Postgres")

MONTHS_KEPT = _assume("1", "months of events in the lake and in Postgres; the sum at month's end")
BRONZE = _assume("0.6", "bytes in bronze for a byte in Kafka: zstd over random ids")
SILVER = _assume("0.5", "bytes in silver for a byte in Kafka: columns, zstd")
REGIONS = _assume("9", "regions of a shop, each a partition a day in silver and gold")
COMMIT_PUTS = _assume("3", "objects of an Iceberg commit beside data: manifest, list, metadata")
COMMIT_GETS = _assume("60", "objects read to plan a commit; manifests are merged at 100")
CHECKPOINT_REQUESTS = _assume("12", "writes, and as many reads, of a batch's checkpoint on S3A")
FILE_GETS = _assume("2", "requests for one column of a data file: footer and column")
FRESH_FILES = _assume("55", "files of a day and region with compaction, which starts at 100")
SNAPSHOT_BYTES = _assume("1200", "bytes of a snapshot in the metadata file, offsets included")
GOLD_DAY_GB = _assume("0.03", "GB of a day of gold, written anew at each publication")
GB_FOR_DPU = _assume("10", "GB that one DPU-hour of Glue compacts")
KMS_SHARE = _assume("0.01", "KMS requests for an S3 request under a bucket key")
KMS_OTHERS = _assume("43800", "KMS requests of another encrypted resource: one a minute")
REQUEST_LOG_BYTES = _assume("600", "bytes of an S3 access log for a request")
CATALOG_REQUESTS = _assume("4", "requests to the Glue catalog for a commit")
ATHENA_TB = _assume("1", "TB that analysts scan with Athena")

API_REQUESTS = _assume("2", "requests a second to the query API")
API_BYTES = _assume("5000", "bytes of its answer")
API_SECONDS = _assume("0.2", "seconds that it takes")
NOTIFIER_SECONDS = _assume("1", "seconds of a call of the notifier")
NOTIFIED = _assume("10", "alerts in one call of the notifier")
SCHEDULED_SECONDS = _assume("15", "seconds of a scheduled call; the canary waits for its order")
DEPLOYMENTS = _assume("20", "deployments a month")
STEP_TRANSITIONS = _assume("50", "state transitions while a deployment waits for a step")
TRACED = _assume("0.05", "share of calls that X-Ray samples, beside one a second")
POLLER_UNIT = _assume("10", "event pollers of one event poller unit")

REASONS_SEEN = _assume("5", "reasons of the quarantine that occur at any time")
BROKER_LOG_GB = _assume("3", "GB of logs of a broker")
REFUSAL_LOG_GB = _assume("1", "GB of logs of authorizer, flow log, slow log: refusals and rarities")
POSTGRES_LOG_GB = _assume("2", "GB of logs of a database instance")
CALL_LOG_BYTES = _assume("2000", "bytes that a function's call logs")
BATCH_METRIC_BYTES = _assume("4000", "bytes of metric lines of one batch")
BATCH_LOG_BYTES = _assume("20000", "bytes that drivers and executors log for a batch, to S3")


def all_assumptions() -> dict[str, Assumption]:
    """Every assumption by its name in lower case."""
    return {
        name.lower(): value for name, value in globals().items() if isinstance(value, Assumption)
    }
