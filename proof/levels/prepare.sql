-- The stores in one form: times in microseconds, money in minor units, ids in small letters.

CREATE OR REPLACE MACRO minor(amount) AS CAST(amount * 100 AS BIGINT);
CREATE OR REPLACE MACRO utc(microseconds) AS strftime(make_timestamp(microseconds), '%Y-%m-%d %H:%M:%S');
CREATE OR REPLACE MACRO place(topic, topic_id, part, number) AS
  concat(topic, '/', part, '@', number, ' (topic id ', topic_id, ')');

-- Evidence as a sorted list, because each store writes a JSON object's members in its own order.
CREATE OR REPLACE MACRO json_sorted(document) AS
  list_sort(list_transform(json_keys(document),
            lambda name: concat(name, '=', json_extract_string(document, '$."' || name || '"'))));

-- An order, click or promotion begins with its event_id: after the 18 bytes of the registry header
-- comes the length 36 (byte H as Avro writes it) and 36 characters. Read here without any codec.
CREATE OR REPLACE TABLE record AS
SELECT topic, topic_id, partition, "offset" AS number, epoch_us(append_time) AS append_us,
       CASE WHEN octet_length(value) >= 55 AND hex(value[19:19]) = '48'
            THEN lower(TRY(decode(value[20:55]))) END AS event_id
FROM bronze.events;

CREATE OR REPLACE TABLE silver_event AS
SELECT topic, topic_id, partition, "offset" AS number, epoch_us(append_time) AS append_us,
       lower(event_id) AS event_id, late_by_us, is_canary(source_producer) AS canary
FROM (
  SELECT topic, topic_id, partition, "offset", append_time, event_id, late_by_us, source_producer
  FROM silver.orders
  UNION ALL
  SELECT topic, topic_id, partition, "offset", append_time, event_id, late_by_us, source_producer
  FROM silver.clicks
  UNION ALL
  SELECT topic, topic_id, partition, "offset", append_time, event_id, late_by_us, source_producer
  FROM silver.promotions
);

CREATE OR REPLACE TABLE duplicate AS
SELECT topic, topic_id, partition, "offset" AS number, epoch_us(append_time) AS append_us,
       lower(event_id) AS event_id, twin_topic_id, twin_partition, twin_offset AS twin_number
FROM bronze.duplicates;

CREATE OR REPLACE TABLE quarantined AS
SELECT topic, topic_id, partition, "offset" AS number, epoch_us(append_time) AS append_us,
       reason, lower(event_id) AS event_id
FROM bronze.quarantine;

CREATE OR REPLACE VIEW outcome_of_record AS
SELECT topic, topic_id, partition, number, append_us, 'silver' AS outcome FROM silver_event
UNION ALL
SELECT topic, topic_id, partition, number, append_us, 'duplicate' FROM duplicate
UNION ALL
SELECT topic, topic_id, partition, number, append_us, 'quarantine' FROM quarantined;

CREATE OR REPLACE TABLE silver_order AS
SELECT topic_id, partition, "offset" AS number, epoch_us(append_time) AS append_us,
       lower(event_id) AS event_id, epoch_us(event_time) AS event_us, region,
       is_canary(source_producer) AS canary, order_id, kind, customer_id, device_id,
       epoch_us(account_created_at) AS account_us, minor(total) AS total_minor, currency, location,
       list_transform(lines, lambda line: {
         'category': line.category, 'quantity': line.quantity,
         'price': CAST(line.unit_price * 10000 AS BIGINT)}) AS lines
FROM silver.orders;

CREATE OR REPLACE TABLE acknowledgement AS
SELECT a.run, a.sequence, lower(a.event_id) AS event_id, a.topic, r.topic_id, o.partition,
       o."offset" AS number
FROM ledger.outcomes o
JOIN ledger.attempts a USING (run, sequence)
JOIN ledger.runs r ON r.run = a.run AND r.topic = a.topic
WHERE o.outcome = 'acknowledged';
