"""What may go wrong in the stores, and the checks and words that must tell of it."""

from __future__ import annotations

from dataclasses import dataclass

from tests.proof.shop.events import ORDERS

FIRST = ORDERS[0].event_id


@dataclass(frozen=True)
class Mutation:
    """What is done to the stores, the checks that must fail, and the words that must count it."""

    statement: str
    checks: set[str]
    words: dict[str, int]


METRICS_OF_FIRST = "category = '*' AND location = 'France' AND order_count = 2"
BRONZE_FIRST = 'partition = 0 AND "offset" = 0'

MUTATIONS = {
    "a later event before an earlier one": Mutation(
        "; ".join(
            f"UPDATE ledger.{table} SET sequence = CASE sequence WHEN 2 THEN 4 ELSE 2 END "
            "WHERE sequence IN (2, 4)"
            for table in ("attempts", "outcomes")
        ),
        {"what a run sent to a partition is there in the order it was sent"},
        {"lost": 0},
    ),
    "offset missing in bronze": Mutation(
        'DELETE FROM bronze.events WHERE partition = 0 AND "offset" = 1',
        {
            "bronze holds each acknowledged event at its offset",
            "offsets = bronze + skipped, from the first to the last",
            "bronze = silver + duplicate + quarantine in each topic and hour",
            "each record has exactly one outcome",
        },
        {"bronze": 9, "lost": 0},
    ),
    "first offset missing in bronze": Mutation(
        f"DELETE FROM bronze.events WHERE {BRONZE_FIRST}",
        {
            "bronze begins where the broker does, or before",
            "bronze = silver + duplicate + quarantine in each topic and hour",
            "each record has exactly one outcome",
        },
        {"bronze": 9},
    ),
    "last offset missing in bronze": Mutation(
        'DELETE FROM bronze.events WHERE partition = 0 AND "offset" = 4',
        {
            "bronze ends where the broker does",
            "ingest's recorded progress is where bronze ends",
            "bronze = silver + duplicate + quarantine in each topic and hour",
            "each record has exactly one outcome",
        },
        {"bronze": 9},
    ),
    "bronze row doubled": Mutation(
        f"INSERT INTO bronze.events FROM bronze.events WHERE {BRONZE_FIRST}",
        {
            "no offset is held twice",
            "bronze = silver + duplicate + quarantine in each topic and hour",
        },
        {"duplicated": 1},
    ),
    "lake file gone": Mutation(
        "INSERT INTO lake_missing_files VALUES ('silver.orders', '/gone.parquet')",
        {"every data file that the lake names is there"},
        {},
    ),
    "topic shorter than what it acknowledged": Mutation(
        "UPDATE broker.partitions SET high = 3 WHERE partition = 1 AND topic = 'ecommerce-orders'",
        {
            "acknowledged offsets lie inside the topic",
            "bronze ends where the broker does",
            "each application has applied its topics to their ends",
        },
        {},
    ),
    "other event at an acknowledged offset": Mutation(
        f"UPDATE bronze.events SET value = (SELECT value FROM bronze.events WHERE {BRONZE_FIRST}) "
        'WHERE partition = 1 AND "offset" = 0',
        {
            "bronze holds each acknowledged event at its offset",
            "the events of known runs have their keys in bronze",
            "silver.orders holds what the bytes in bronze say",
        },
        {},
    ),
    "one offset acknowledged twice": Mutation(
        'UPDATE ledger.outcomes SET "offset" = 0, partition = 1 WHERE sequence = 3',
        {
            "no offset was acknowledged for two attempts",
            "bronze holds each acknowledged event at its offset",
        },
        {},
    ),
    "silver row and its record gone": Mutation(
        f"DELETE FROM silver.orders WHERE event_id = '{ORDERS[1].event_id}'",
        {
            "bronze = silver + duplicate + quarantine in each topic and hour",
            "each record has exactly one outcome",
            "the orders in Postgres are the orders in silver",
            "each order in Postgres names a record of its event",
            "order_metrics in Postgres equals what is derived from silver",
            "quality in Postgres equals what is derived from silver",
        },
        {"lost": 1},
    ),
    "silver row doubled": Mutation(
        f"INSERT INTO silver.orders FROM silver.orders WHERE event_id = '{FIRST}'",
        {
            "bronze = silver + duplicate + quarantine in each topic and hour",
            "each record has exactly one outcome",
            "no event is in silver twice",
            "order_metrics in Postgres equals what is derived from silver",
            "quality in Postgres equals what is derived from silver",
        },
        {"duplicated": 1},
    ),
    "quarantined row lost": Mutation(
        "DELETE FROM bronze.quarantine",
        {
            "bronze = silver + duplicate + quarantine in each topic and hour",
            "each record has exactly one outcome",
            "quality in Postgres equals what is derived from silver",
        },
        {},
    ),
    "quarantine with a reason that nobody knows": Mutation(
        "UPDATE bronze.quarantine SET reason = 'whim'",
        {
            "each quarantined record has a known reason",
            "each quarantined record is refused for what its bytes are",
        },
        {},
    ),
    "record in silver and in quarantine": Mutation(
        "INSERT INTO bronze.quarantine BY NAME SELECT topic, topic_id, cluster_id, partition, "
        f"\"offset\", append_time, 'empty' AS reason FROM silver.orders WHERE event_id = '{FIRST}'",
        {
            "bronze = silver + duplicate + quarantine in each topic and hour",
            "each record has exactly one outcome",
            "each quarantined record is refused for what its bytes are",
            "quarantine holds each record as bronze does",
            "quality in Postgres equals what is derived from silver",
        },
        {"duplicated": 1},
    ),
    "duplicate without its twin": Mutation(
        "UPDATE bronze.duplicates SET twin_offset = 1",
        {
            "each duplicate names a twin in silver",
            "no two contents share one event id",
            "the events of known runs have their keys in bronze",
        },
        {"conflicting": 1},
    ),
    "order missing in Postgres": Mutation(
        f"DELETE FROM answers.orders WHERE event_id = '{FIRST}'",
        {"the orders in Postgres are the orders in silver"},
        {},
    ),
    "order in Postgres that silver has not": Mutation(
        "INSERT INTO answers.orders BY NAME SELECT * REPLACE (uuid()::VARCHAR AS event_id) "
        f"FROM answers.orders WHERE event_id = '{FIRST}'",
        {
            "the orders in Postgres are the orders in silver",
            "each order in Postgres names a record of its event",
        },
        {},
    ),
    "order total altered in Postgres": Mutation(
        f"UPDATE answers.orders SET total = total + 0.01 WHERE event_id = '{FIRST}'",
        {"the orders in Postgres are the orders in silver"},
        {},
    ),
    "order stored with another device": Mutation(
        f"UPDATE answers.orders SET device_id = 'another' WHERE event_id = '{FIRST}'",
        {"the orders that rules look back on have silver's region and device"},
        {},
    ),
    "order stored with another region": Mutation(
        f"UPDATE answers.orders SET region = 'asia' WHERE event_id = '{FIRST}'",
        {"the orders that rules look back on have silver's region and device"},
        {},
    ),
    "order counted from a record that is not its own": Mutation(
        f"UPDATE answers.orders SET \"offset\" = 2 WHERE event_id = '{FIRST}'",
        {"each order in Postgres names a record of its event"},
        {},
    ),
    "answer altered in Postgres": Mutation(
        f"UPDATE answers.order_metrics SET revenue = revenue + 0.01 WHERE {METRICS_OF_FIRST}",
        {
            "order_metrics in Postgres equals what is derived from silver",
            "gold.order_metrics equals Postgres for closed rows",
        },
        {},
    ),
    "alert removed from Postgres": Mutation(
        "DELETE FROM answers.alerts WHERE rule = 'amount'",
        {
            "fraud_alerts in Postgres equals what is derived from silver",
            "the alerts topic holds the alerts in Postgres",
            "gold.fraud_alerts equals Postgres",
        },
        {},
    ),
    "alert never sent": Mutation(
        "DELETE FROM broker.alerts WHERE alert_id IN "
        "(SELECT alert_id FROM answers.alerts WHERE rule = 'amount')",
        {"the alerts topic holds the alerts in Postgres"},
        {},
    ),
    "alert in the topic that no rule raised": Mutation(
        "INSERT INTO broker.alerts VALUES (0, 9, uuid()::VARCHAR)",
        {"the alerts topic holds the alerts in Postgres"},
        {},
    ),
    "alert of another rule's severity": Mutation(
        "UPDATE answers.alerts SET severity = 'low' WHERE rule = 'amount'; "
        "UPDATE gold.fraud_alerts SET severity = 'low' WHERE rule = 'amount'",
        {"fraud_alerts in Postgres equals what is derived from silver"},
        {},
    ),
    "progress beyond bronze": Mutation(
        "UPDATE answers.progress SET until = until + 1 "
        "WHERE application = 'ingest' AND partition = 0",
        {
            "ingest's recorded progress is where bronze ends",
            "each application has applied its topics to their ends",
        },
        {},
    ),
    "progress of orders beyond the topic": Mutation(
        "UPDATE answers.progress SET until = until + 1 "
        "WHERE application = 'orders' AND partition = 0",
        {"each application has applied its topics to their ends"},
        {},
    ),
    "progress of orders gone": Mutation(
        "DELETE FROM answers.progress WHERE application = 'orders' AND partition = 1",
        {"each application has applied its topics to their ends"},
        {},
    ),
    "order with another way to pay": Mutation(
        f"UPDATE silver.orders SET payment_method = 'cash' WHERE event_id = '{FIRST}'",
        {"silver.orders holds what the bytes in bronze say"},
        {},
    ),
    "order that is later than it was": Mutation(
        f"UPDATE silver.orders SET late_by_us = late_by_us + 1 WHERE event_id = '{FIRST}'",
        {"silver.orders holds what the bytes in bronze say"},
        {},
    ),
    "record of another cluster": Mutation(
        f"UPDATE bronze.events SET cluster_id = 'other' WHERE {BRONZE_FIRST}",
        {
            "each record names the cluster of its topic",
            "what became of a record names its topic, cluster and append time",
        },
        {},
    ),
    "record under another key": Mutation(
        f"UPDATE bronze.events SET key = encode('sub_z') WHERE {BRONZE_FIRST}",
        {"the events of known runs have their keys in bronze"},
        {},
    ),
    "value altered in quarantine": Mutation(
        "UPDATE bronze.quarantine SET value = encode('mess')",
        {"quarantine holds each record as bronze does"},
        {},
    ),
    "detail altered in quarantine": Mutation(
        "UPDATE bronze.quarantine SET detail = 'a whim'",
        {"each quarantined record is refused for what its bytes are"},
        {},
    ),
}
