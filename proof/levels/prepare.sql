-- The stores in one form: times in microseconds, money in minor units, ids in small letters.

CREATE OR REPLACE MACRO minor(amount) AS CAST(amount * 100 AS BIGINT);
CREATE OR REPLACE MACRO utc(microseconds) AS strftime(make_timestamp(microseconds), '%Y-%m-%d %H:%M:%S');
CREATE OR REPLACE MACRO money(minor_units) AS CAST(minor_units * 0.01 AS DECIMAL(18,2));
CREATE OR REPLACE MACRO moment(microseconds) AS make_timestamp(microseconds)::TIMESTAMPTZ;
CREATE OR REPLACE MACRO record_position(topic, topic_id, part, number) AS
  concat(topic, '/', part, '@', number, ' (topic id ', topic_id, ')');

-- Both round half away from zero.
CREATE OR REPLACE MACRO half_away(ten_thousandths) AS
  CAST(sign(ten_thousandths) * ((abs(ten_thousandths) + 50) // 100) AS BIGINT);
CREATE OR REPLACE MACRO rounded_average(amount, parts) AS
  CASE WHEN parts > 0 THEN
    CAST(sign(amount) * ((2 * abs(amount::HUGEINT) + parts) // (2 * parts)) AS BIGINT) END;

-- What Valkey must hold now. A key that goes within two minutes may be there or gone.
CREATE OR REPLACE MACRO stays(until_us) AS
  until_us > (SELECT max(now_us) FROM hot.moment) + 120000000;
CREATE OR REPLACE MACRO may_be_there(until_us) AS
  until_us > (SELECT max(now_us) FROM hot.moment) - 120000000;

-- Evidence as a sorted list, because each store writes a JSON object's members in its own order.
CREATE OR REPLACE MACRO json_sorted(document) AS
  list_sort(list_transform(json_keys(document),
            lambda name: concat(name, '=', json_extract_string(document, '$."' || name || '"'))));

CREATE OR REPLACE MACRO compressed(value) AS coalesce(hex(value[1:2]) = '0305', false);

-- An order, click or promotion begins with its event_id: after the 18 bytes of the registry header
-- comes the length 36 (byte H as Avro writes it) and 36 characters. Read here without any codec.
CREATE OR REPLACE TABLE record AS
SELECT topic, topic_id, cluster_id, partition, "offset" AS number,
       epoch_us(append_time) AS append_us,
       CASE WHEN octet_length(value) >= 55 AND hex(value[19:19]) = '48'
            THEN lower(TRY(decode(value[20:55]))) END AS event_id
FROM bronze.events;

CREATE OR REPLACE TABLE silver_event AS
SELECT topic, topic_id, cluster_id, partition, "offset" AS number,
       epoch_us(append_time) AS append_us, lower(event_id) AS event_id, late_by_us,
       is_canary(source_producer) AS canary
FROM (
  SELECT topic, topic_id, cluster_id, partition, "offset", append_time, event_id, late_by_us,
         source_producer
  FROM silver.orders
  UNION ALL
  SELECT topic, topic_id, cluster_id, partition, "offset", append_time, event_id, late_by_us,
         source_producer
  FROM silver.clicks
  UNION ALL
  SELECT topic, topic_id, cluster_id, partition, "offset", append_time, event_id, late_by_us,
         source_producer
  FROM silver.promotions
);

CREATE OR REPLACE TABLE duplicate AS
SELECT topic, topic_id, cluster_id, partition, "offset" AS number,
       epoch_us(append_time) AS append_us, lower(event_id) AS event_id, twin_topic_id, twin_partition, twin_offset AS twin_number
FROM bronze.duplicates;

CREATE OR REPLACE TABLE quarantined AS
SELECT topic, topic_id, cluster_id, partition, "offset" AS number,
       epoch_us(append_time) AS append_us, reason, lower(event_id) AS event_id
FROM bronze.quarantine;

CREATE OR REPLACE VIEW outcome_of_record AS
SELECT topic, topic_id, cluster_id, partition, number, append_us, 'silver' AS outcome
FROM silver_event
UNION ALL
SELECT topic, topic_id, cluster_id, partition, number, append_us, 'duplicate' FROM duplicate
UNION ALL
SELECT topic, topic_id, cluster_id, partition, number, append_us, 'quarantine' FROM quarantined;

CREATE OR REPLACE TABLE silver_order AS
SELECT topic_id, partition, "offset" AS number, epoch_us(append_time) AS append_us,
       lower(event_id) AS event_id, epoch_us(event_time) AS event_us, region,
       is_canary(source_producer) AS canary, order_id, kind, customer_id, device_id,
       epoch_us(account_created_at) AS account_us, minor(total) AS total_minor, currency, location,
       list_transform(lines, lambda line: {
         'category': line.category, 'quantity': line.quantity,
         'price': CAST(line.unit_price * 10000 AS BIGINT)}) AS lines
FROM silver.orders;

-- Offsets that an application passed without a record, range by range.
CREATE OR REPLACE TABLE skipped_range AS
SELECT application, topic, topic_id, partition, reason, accepted_by, noted_at, range[1] AS first, range[2] AS until
FROM (
  SELECT *, unnest(from_json(ranges, '[["BIGINT"]]')) AS range FROM answers.skipped
);
CREATE OR REPLACE VIEW gap_of_bronze AS
FROM skipped_range WHERE application = 'ingest' AND reason = 'gap';

CREATE OR REPLACE TABLE acknowledgement AS
SELECT a.run, a.sequence, lower(a.event_id) AS event_id, a.topic, r.topic_id, o.partition,
       o."offset" AS number,
       EXISTS (FROM gap_of_bronze g WHERE g.topic_id = r.topic_id AND g.partition = o.partition
               AND o."offset" >= g.first AND o."offset" < g.until) AS in_a_gap
FROM ledger.outcomes o
JOIN ledger.attempts a USING (run, sequence)
JOIN ledger.runs r ON r.run = a.run AND r.topic = a.topic
WHERE o.outcome = 'acknowledged';

-- What the questions are derived from. Twins are equal but for when they were appended, and each
-- application keeps the one it saw first: an order's append time is that of the record that
-- Postgres counted, which L4 checks against bronze.
CREATE OR REPLACE TABLE counted_order AS
SELECT s.* REPLACE (coalesce(epoch_us(o.append_time), s.append_us) AS append_us)
FROM silver_order s
LEFT JOIN answers.orders o ON lower(o.event_id) = s.event_id;

CREATE OR REPLACE VIEW silver_click AS
SELECT lower(event_id) AS event_id, epoch_us(event_time) AS event_us, region, event_type, user_id,
       product_id, category, minor(price) AS price_minor, currency
FROM silver.clicks WHERE NOT is_canary(source_producer);

CREATE OR REPLACE VIEW orders AS FROM counted_order WHERE NOT canary;
CREATE OR REPLACE VIEW clicks AS FROM silver_click;
CREATE OR REPLACE VIEW records AS FROM outcome_of_record;
