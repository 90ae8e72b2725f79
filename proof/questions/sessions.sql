-- When did each user shop without a pause, and how did it end? Worked out again from single clicks.

-- derived: from clicks
-- A click that comes 30 minutes or more after the one before begins a session.
WITH marked AS (
  SELECT *, coalesce(event_us - lag(event_us) OVER each >= 1800000000, true)::INT AS begins
  FROM clicks WINDOW each AS (PARTITION BY user_id, currency ORDER BY event_us, event_id)
), numbered AS (
  SELECT *, sum(begins) OVER (PARTITION BY user_id, currency ORDER BY event_us, event_id
                              ROWS UNBOUNDED PRECEDING) AS number
  FROM marked
), session AS (
  SELECT user_id, currency, min(event_us) AS start_us, max(event_us) AS end_us,
         min(region) AS region, count(*) AS events,
         count(*) FILTER (event_type = 'view') AS views,
         count(*) FILTER (event_type = 'cart') AS carts,
         count(*) FILTER (event_type = 'purchase') AS purchases,
         count(*) FILTER (event_type = 'remove_from_cart') AS removals,
         coalesce(CAST(sum(price_minor) FILTER (event_type = 'purchase') AS BIGINT), 0) AS revenue,
         list_sort(list(DISTINCT product_id)) AS products,
         count(DISTINCT product_id) AS product_count
  FROM numbered GROUP BY user_id, currency, number
)
SELECT * EXCLUDE (start_us, end_us) REPLACE (money(revenue) AS revenue),
       moment(start_us) AS started_at, moment(end_us) AS ended_at,
       moment(end_us + 1800000000) AS closed_at, (end_us - start_us + 500000) // 1000000 AS seconds,
       false AS absorbed, purchases > 0 AS converted,
       CASE WHEN purchases > 0 THEN 'purchase' WHEN carts + removals > 0 THEN 'cart' ELSE 'view' END
         AS furthest
FROM session;

-- compared: rows that a late click did not make part of another session
NOT absorbed;
