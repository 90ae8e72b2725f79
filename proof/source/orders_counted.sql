-- Which orders must the stack have counted, by the data files?

-- Filled by the caller: source_event(file, edition, position, topic, event_id).

-- Events that were sent, never acknowledged, and are not in bronze. Nothing was promised about them.
CREATE OR REPLACE TABLE undelivered AS
SELECT a.topic, lower(a.event_id) AS event_id
FROM ledger.attempts a LEFT JOIN ledger.outcomes o USING (run, sequence)
WHERE a.run IN (SELECT run FROM source_slice)
GROUP BY ALL
HAVING count(*) FILTER (o.outcome = 'acknowledged') = 0
   AND lower(a.event_id) NOT IN (SELECT event_id FROM record WHERE event_id IS NOT NULL);

-- What an event says of a step. A price below zero is sent too, and the pipeline must refuse it.
CREATE OR REPLACE TABLE step_event AS
SELECT e.event_id, e.topic, s.time_us + p.shift_us AS event_us, s.kind, s.product, s.shopper,
       CASE WHEN s.category = '' THEN 'Unspecified' ELSE s.category END AS category,
       nullif(s.brand, '') AS brand, nullif(s.session, '') AS session,
       CAST(s.price_units AS BIGINT) AS price_units, half_away(s.price_units) AS price_minor
FROM source_event e
JOIN step_position p USING (file, edition, position)
JOIN step_parsed s ON s.file = e.file AND s.row = e.position
WHERE e.event_id NOT IN (SELECT event_id FROM undelivered);

CREATE OR REPLACE TABLE source_order AS
SELECT e.event_id, i.order_id, i.time_us + p.shift_us AS event_us, 0::BIGINT AS append_us,
       r.region, false AS canary,
       i.kind, i.customer_id, NULL::VARCHAR AS device_id, NULL::BIGINT AS account_us,
       CAST(i.total_minor AS BIGINT) AS total_minor, 'GBP' AS currency,
       CASE WHEN i.country = '' THEN 'Unspecified' ELSE i.country END AS location, i.lines
FROM source_event e
JOIN source_position p USING (file, edition, position)
JOIN source_invoice i USING (file, position)
JOIN region_of r USING (country)
WHERE e.event_id NOT IN (SELECT event_id FROM undelivered)
UNION ALL
SELECT e.event_id, x.number, x.time_us + p.shift_us, 0, r.region, false,
       x.kind, x.customer, NULL, NULL, CAST(x.total_minor AS BIGINT), x.currency, x.country, x.lines
FROM source_event e
JOIN export_id p USING (event_id, file, edition, position)
JOIN export_event x USING (file, position, kind, place)
JOIN region_of r USING (country)
WHERE e.event_id NOT IN (SELECT event_id FROM undelivered)
UNION ALL
-- The file has no ids of orders: an order has the id of its event, and is of one piece.
SELECT event_id, event_id, event_us, 0, no_place(), false,
       CASE WHEN price_minor > 0 THEN 'placed' ELSE 'adjustment' END,
       shopper, NULL, NULL, price_minor, 'USD', no_place(),
       [{'category': category, 'quantity': 1::INTEGER, 'price': price_units}]
FROM step_event WHERE topic = 'ecommerce-orders' AND price_units >= 0;

-- Orders of runs that replayed no file share rows and alerts with the file's. They are taken as silver
-- has them, which the levels compare with Kafka.
CREATE OR REPLACE TABLE other_order AS
SELECT event_id, order_id, event_us, append_us, region, canary, kind, customer_id, device_id,
       account_us, total_minor, currency, location, lines
FROM silver_order
WHERE event_id IN (SELECT lower(event_id) FROM ledger.attempts
                   WHERE run NOT IN (SELECT run FROM source_slice))
  AND event_id NOT IN (SELECT event_id FROM source_event);

-- The questions are derived from this. Alerts name a customer by the token that the answers have for
-- them; that one customer has one token is a check of its own.
CREATE OR REPLACE TABLE file_order AS
SELECT s.* REPLACE (CASE WHEN s.customer_id IS NOT NULL
                         THEN coalesce(a.customer_id, s.customer_id) END AS customer_id)
FROM source_order s
LEFT JOIN (SELECT DISTINCT lower(event_id) AS event_id, customer_id FROM answers.orders) a
  USING (event_id)
UNION ALL BY NAME FROM other_order;

CREATE OR REPLACE VIEW orders AS FROM file_order WHERE NOT canary;

-- count: rows
SELECT (SELECT count(*) FROM source_row) + (SELECT count(*) FROM source_step)
     + (SELECT count(*) FROM source_item);

-- count: rejected_rows
SELECT (SELECT count(*) FROM refused_row)
     + (SELECT count(DISTINCT (file, row)) FROM step_judged WHERE rejected IS NOT NULL);

-- count: orders
SELECT count(*) FROM source_order;

-- count: orders_of_other_runs
SELECT count(*) FROM other_order WHERE NOT canary;

-- count: undelivered
SELECT count(*) FROM undelivered;
