-- Is silver a set of the events in bronze, and is it the set of orders that Postgres counted?

-- That silver holds what the bytes in bronze say comes with `proof.stated`.

-- Every position in Kafka where an order event was seen: its record in silver and its twins.
CREATE OR REPLACE VIEW copy_of_order AS
SELECT event_id, partition, number, append_us FROM silver_order
UNION ALL
SELECT event_id, partition, number, append_us FROM duplicate WHERE topic = 'ecommerce-orders';

-- check: no event is in silver twice
SELECT concat(topic, ' ', event_id) AS key, '1' AS expected, count(*)::VARCHAR AS actual,
       count(*) = 1 AS agrees
FROM silver_event GROUP BY topic, event_id;

-- check: the orders in Postgres are the orders in silver
WITH held AS (
  SELECT event_id, {'order': order_id, 'kind': kind, 'total': total_minor, 'currency': currency,
                    'location': location, 'customer': customer_id, 'at': event_us,
                    'canary': canary} AS content
  FROM silver_order
), counted AS (
  SELECT lower(event_id) AS event_id,
         {'order': order_id, 'kind': kind, 'total': minor(total), 'currency': currency,
          'location': location, 'customer': customer_id, 'at': epoch_us(event_time),
          'canary': canary} AS content
  FROM answers.orders
)
SELECT event_id AS key, coalesce(h.content::VARCHAR, 'no order') AS expected,
       coalesce(c.content::VARCHAR, 'no row in Postgres') AS actual,
       h.event_id IS NOT NULL AND c.event_id IS NOT NULL
         AND h.content IS NOT DISTINCT FROM c.content AS agrees
FROM held h FULL JOIN counted c USING (event_id);

-- check: the orders that rules look back on have silver's region and device
SELECT s.event_id AS key, concat(s.region, ' ', s.device_id) AS expected,
       concat(o.region, ' ', o.device_id) AS actual,
       o.region = s.region AND o.device_id IS NOT DISTINCT FROM s.device_id AS agrees
FROM silver_order s
JOIN answers.orders o ON lower(o.event_id) = s.event_id
WHERE o.region <> '';

-- check: each order in Postgres names a record of its event
SELECT lower(o.event_id) AS key, 'a record in bronze' AS expected,
       concat(o.partition, '@', o."offset", ' appended ', utc(epoch_us(o.append_time))) AS actual,
       c.event_id IS NOT NULL AS agrees
FROM answers.orders o
LEFT JOIN (SELECT DISTINCT event_id, partition, number, append_us FROM copy_of_order) c
  ON c.event_id = lower(o.event_id) AND c.partition = o.partition AND c.number = o."offset"
 AND c.append_us = epoch_us(o.append_time);
