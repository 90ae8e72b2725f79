-- Are the answers those that the raw data file gives?

-- Filled by the caller: source_rejected(run, reason, told).

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

-- note: orders that another file has otherwise
SELECT concat('order ', o.order_id, ' begins in row ', o.position, ' of file ', o.file + 1,
              ' and says there something else than what was counted')
FROM source_again a
JOIN source_invoice o ON o.file = a.file AND o.position = a.position
JOIN source_event e USING (topic, event_id)
JOIN source_invoice c ON c.file = e.file AND c.position = e.position
WHERE (o.time_us, o.customer_id, o.country, o.total_minor, list_sort(o.lines))
  IS DISTINCT FROM (c.time_us, c.customer_id, c.country, c.total_minor, list_sort(c.lines))
ORDER BY o.file, o.position
LIMIT 10;

-- note: times that a change of clocks doubles or skips
SELECT concat('row ', row, ' of file ', r.file + 1, ' says ', words,
              CASE WHEN doubled THEN ', which was twice: the earlier is meant' ELSE ', which never was' END)
FROM (SELECT file, row, date AS words FROM source_row UNION ALL SELECT file, row, time FROM source_step
      UNION ALL SELECT file, row, time FROM source_item) r
JOIN source_date USING (file, words)
WHERE doubled OR skipped
ORDER BY r.file, row
LIMIT 10;
