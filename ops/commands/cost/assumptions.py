"""What a template cannot say: numbers with their meaning, which are printed with the answer.

Where a number is uncertain, the dearer one is taken. Nothing here was measured on AWS.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Self


class Assumption(Decimal):
    """A number that knows what it means."""

    meaning: str

    def __new__(cls, value: str, meaning: str) -> Self:
        made = super().__new__(cls, value)
        made.meaning = meaning
        return made


HOURS = Assumption("730", "hours of a month, as AWS counts them")
EVENT_BYTES = Assumption("300", "bytes of an event in Kafka")
CLICKS = Assumption("0.949", "share of clicks among events")
ORDERS = Assumption("0.05", "share of orders among events; a shop has far fewer")
PROMOTIONS = Assumption("0.001", "share of promotions among events")
ALERTS = Assumption("0.005", "alerts for an order")
ALERT_BYTES = Assumption("600", "bytes of an alert in Kafka")

KAFKA_COPIES = Assumption("3", "copies of a record that Express storage is billed for; perhaps one")
BROKER_METRICS = Assumption("34", "metrics of a broker at PER_BROKER, as the MSK guide lists them")
TOPIC_METRICS = Assumption("1", "metrics of a topic and broker at PER_TOPIC_PER_BROKER")
PARTITION_METRICS = Assumption("3", "metrics of a group and partition at PER_TOPIC_PER_PARTITION")

OTHER_ZONE = Assumption(
    "0.67", "share of a client's traffic whose broker or node is in another zone"
)
STORE_BYTES = Assumption("2", "bytes to and from Postgres and Valkey for a byte of an order")
ENDPOINT_GB = Assumption("2", "GB a month through an interface endpoint, beside logs")

EMR_ROOT_GB = Assumption("15", "root volume of an EMR instance")
EMR_DISK_GB = Assumption("64", "disks that EMR gives an xlarge instance where nothing is set")

ACU_BASE = Assumption("0.5", "ACU of a database without orders")
ACU_FOR_ORDER = Assumption("0.03", "ACU for an order a second, for its look-up, insert and answers")
BATCH_IO = Assumption("100", "I/O requests of a batch: progress, journal, commit, outbox")
ORDER_IO = Assumption("2", "I/O requests of an order: its id is looked up in a random index page")
ANSWERS_OF_ORDER = Assumption("4", "rows of order_metrics that an order touches")
MOST_ANSWERS = Assumption("5000", "rows of order_metrics that one batch touches at most")
ANSWER_IO = Assumption("0.25", "I/O requests of a touched row; Aurora bills its log in 4 KiB")
ORDER_ROW_BYTES = Assumption("250", "bytes of an order in Postgres with its index")
ANSWER_GB = Assumption("20", "GB of answers, journal and free space in Postgres")

MONTHS_KEPT = Assumption(
    "1", "months of events in the lake and in Postgres; the sum at month's end"
)
BRONZE = Assumption("0.6", "bytes in bronze for a byte in Kafka: zstd over random ids")
SILVER = Assumption("0.5", "bytes in silver for a byte in Kafka: columns, zstd")
REGIONS = Assumption("9", "regions of a shop, each a partition a day in silver and gold")
COMMIT_PUTS = Assumption("3", "objects of an Iceberg commit beside data: manifest, list, metadata")
COMMIT_GETS = Assumption("60", "objects read to plan a commit; manifests are merged at 100")
CHECKPOINT_REQUESTS = Assumption("12", "writes, and as many reads, of a batch's checkpoint on S3A")
FILE_GETS = Assumption("2", "requests for one column of a data file: footer and column")
FRESH_FILES = Assumption("55", "files of a day and region with compaction, which starts at 100")
SNAPSHOT_BYTES = Assumption("1200", "bytes of a snapshot in the metadata file, offsets included")
GOLD_DAY_GB = Assumption("0.03", "GB of a day of gold, written anew at each publication")
GB_FOR_DPU = Assumption("10", "GB that one DPU-hour of Glue compacts")
OLD_OBJECT_GB = Assumption("0.064", "GB of a file of the lake that moves to infrequent access")
KMS_SHARE = Assumption("0.01", "KMS requests for an S3 request under a bucket key")
KMS_OTHERS = Assumption("43800", "KMS requests of another encrypted resource: one a minute")
REQUEST_LOG_BYTES = Assumption("600", "bytes of an S3 access log for a request")
CATALOG_REQUESTS = Assumption("4", "requests to the Glue catalog for a commit")
ATHENA_TB = Assumption("1", "TB that analysts scan with Athena")

API_REQUESTS = Assumption("2", "requests a second to the query API")
API_BYTES = Assumption("5000", "bytes of its answer")
API_SECONDS = Assumption("0.2", "seconds that it takes")
NOTIFIER_SECONDS = Assumption("1", "seconds of a call of the notifier")
NOTIFIED = Assumption("10", "alerts in one call of the notifier")
SCHEDULED_SECONDS = Assumption("15", "seconds of a scheduled call; the canary waits for its order")
DEPLOYMENTS = Assumption("20", "deployments a month")
STEP_TRANSITIONS = Assumption("50", "state transitions while a deployment waits for a step")
TRACED = Assumption("0.05", "share of calls that X-Ray samples, beside one a second")
POLLER_UNIT = Assumption("10", "event pollers of one event poller unit")

SOURCE_METRICS = Assumption("6", "metrics of an event source that counts its events")
REASONS_SEEN = Assumption("5", "reasons of the quarantine that occur at any time")
BROKER_LOG_GB = Assumption("3", "GB of logs of a broker")
REFUSAL_LOG_GB = Assumption(
    "1", "GB of logs of authorizer, flow log, slow log: refusals and rarities"
)
POSTGRES_LOG_GB = Assumption("2", "GB of logs of a database instance")
CALL_LOG_BYTES = Assumption("2000", "bytes that a function's call logs")
BATCH_METRIC_BYTES = Assumption("4000", "bytes of metric lines of one batch")
BATCH_LOG_BYTES = Assumption("20000", "bytes that drivers and executors log for a batch, to S3")


def all_assumptions() -> dict[str, Assumption]:
    """Every assumption by its name in lower case."""
    return {
        name.lower(): value for name, value in globals().items() if isinstance(value, Assumption)
    }
