-- Are the answers those that the raw data file gives?

-- Filled by the caller: source_alerts, source_rejected(run, reason, told).

-- check: orders
WITH told AS (
  SELECT event_id, {'order': order_id, 'kind': kind, 'total': total_minor, 'at': event_us,
                    'location': location, 'currency': currency} AS content
  FROM source_order
), counted AS (
  SELECT lower(event_id) AS event_id,
         {'order': order_id, 'kind': kind, 'total': minor(total), 'at': epoch_us(event_time),
          'location': location, 'currency': currency} AS content
  FROM answers.orders
  WHERE NOT canary AND lower(event_id) NOT IN (SELECT event_id FROM other_order)
)
SELECT event_id AS key, coalesce(t.content::VARCHAR, 'not in the file') AS expected,
       coalesce(c.content::VARCHAR, 'no row') AS actual,
       t.content IS NOT NULL AND c.content IS NOT NULL
         AND t.content IS NOT DISTINCT FROM c.content AS agrees
FROM told t FULL JOIN counted c USING (event_id);

-- check: customers
WITH named AS (
  SELECT DISTINCT t.customer_id, a.customer_id AS token
  FROM source_order t JOIN answers.orders a ON lower(a.event_id) = t.event_id
), counted AS (
  SELECT *, count(*) OVER (PARTITION BY customer_id) AS tokens,
         count(*) OVER (PARTITION BY token) AS customers
  FROM named
)
SELECT coalesce(customer_id, 'no customer') AS key,
       CASE WHEN customer_id IS NULL THEN 'no token' ELSE 'one token of its own' END AS expected,
       concat(coalesce(token, 'no token'), ', one of ', tokens, '; of ', customers, ' customers')
         AS actual,
       tokens = 1 AND customers = 1 AND (customer_id IS NULL) = (token IS NULL) AS agrees
FROM counted;

-- check: order_metrics
SELECT metrics_key(window_us, category, location, currency) AS key,
       CASE WHEN s.order_count IS NULL THEN 'no row' ELSE {'region': s.region,
         'orders': s.order_count, 'revenue': s.revenue, 'largest': s.largest,
         'smallest': s.smallest, 'average': rounded_average(s.revenue, s.order_count),
         'customers': s.customers, 'cancelled': s.cancelled_count,
         'cancelled_amount': s.cancelled_amount}::VARCHAR END AS expected,
       CASE WHEN a.order_count IS NULL THEN 'no row' ELSE {'region': a.region,
         'orders': a.order_count, 'revenue': a.revenue, 'largest': a.largest,
         'smallest': a.smallest, 'average': a.average, 'customers': a.unique_customers,
         'cancelled': a.cancelled_count, 'cancelled_amount': a.cancelled_amount}::VARCHAR
       END AS actual,
       s.order_count = a.order_count AND s.region = a.region AND s.revenue = a.revenue
         AND s.largest IS NOT DISTINCT FROM a.largest
         AND s.smallest IS NOT DISTINCT FROM a.smallest
         AND rounded_average(s.revenue, s.order_count) IS NOT DISTINCT FROM a.average
         AND within_bound(a.unique_customers, s.customers)
         AND s.cancelled_count = a.cancelled_count AND s.cancelled_amount = a.cancelled_amount
         AS agrees
FROM source_metrics s
FULL JOIN answered_metrics a USING (window_us, category, location, currency);

-- check: alerts
WITH told AS (SELECT lower(alert_id) AS alert_id, rule, subject FROM source_alerts),
     answered AS (SELECT lower(alert_id) AS alert_id, rule, subject FROM answers.alerts)
SELECT alert_id AS key, coalesce(concat(t.rule, ' ', t.subject), 'no alert') AS expected,
       coalesce(concat(a.rule, ' ', a.subject), 'no alert') AS actual,
       t.rule IS NOT NULL AND a.rule IS NOT NULL AS agrees
FROM told t FULL JOIN answered a USING (alert_id);

-- check: rejected rows
WITH found AS (
  SELECT s.run, l.rejected AS reason, count(DISTINCT l.row) AS rejected_rows
  FROM refused_row l
  JOIN source_slice s ON s.file = l.file AND l.position BETWEEN s.first_row AND s.last_row
  GROUP BY ALL
  UNION ALL
  SELECT run, rejected, count(*) FROM step_judged WHERE rejected IS NOT NULL GROUP BY ALL
), told AS (
  SELECT run, reason, told FROM source_rejected
)
SELECT concat(reason, ' in run ', run) AS key, coalesce(rejected_rows, 0)::VARCHAR AS expected,
       coalesce(told, 0)::VARCHAR AS actual,
       coalesce(rejected_rows, 0) = coalesce(told, 0) AS agrees
FROM found FULL JOIN told USING (run, reason);
