-- Do the answers equal what silver's rows give, worked out again by other code?

-- Twins are equal but for when they were appended, and each application keeps the one it saw first:
-- an order's append time is that of the record that Postgres counted (checked against bronze in L4).
CREATE OR REPLACE TABLE order_as_counted AS
SELECT s.* REPLACE (coalesce(epoch_us(o.append_time), s.append_us) AS append_us)
FROM silver_order s
LEFT JOIN answers.orders o ON lower(o.event_id) = s.event_id;

CREATE OR REPLACE TABLE derived_metrics AS FROM order_metrics_of('order_as_counted');

CREATE OR REPLACE TABLE derived_quality AS
SELECT topic, append_us // 300000000 * 300000000 AS window_us,
       count(*) FILTER (outcome = 'silver') AS silver,
       count(*) FILTER (outcome = 'duplicate') AS duplicates,
       count(*) FILTER (outcome = 'quarantine') AS quarantined
FROM outcome_of_record GROUP BY ALL;

CREATE OR REPLACE VIEW published_until AS
SELECT coalesce((SELECT epoch_us(closed_until) FROM answers.published
                 WHERE table_name = 'gold.order_metrics'), -1) AS closed_until_us;

-- check: order_metrics in Postgres equal a recomputation from silver
SELECT metrics_key(window_us, category, location, currency) AS key,
       CASE WHEN d.order_count IS NULL THEN 'no row' ELSE {'region': d.region,
         'orders': d.order_count, 'revenue': d.revenue, 'largest': d.largest,
         'smallest': d.smallest, 'average': rounded_average(d.revenue, d.order_count),
         'customers': d.customers, 'cancelled': d.cancelled_count,
         'cancelled_amount': d.cancelled_amount, 'closed': d.closed_us,
         'revised': d.revised}::VARCHAR END AS expected,
       CASE WHEN a.order_count IS NULL THEN 'no row' ELSE {'region': a.region,
         'orders': a.order_count, 'revenue': a.revenue, 'largest': a.largest,
         'smallest': a.smallest, 'average': a.average, 'customers': a.unique_customers,
         'cancelled': a.cancelled_count, 'cancelled_amount': a.cancelled_amount,
         'closed': a.closed_us, 'revised': a.revised}::VARCHAR END AS actual,
       d.order_count = a.order_count AND d.region = a.region AND d.revenue = a.revenue
         AND d.largest IS NOT DISTINCT FROM a.largest
         AND d.smallest IS NOT DISTINCT FROM a.smallest
         AND rounded_average(d.revenue, d.order_count) IS NOT DISTINCT FROM a.average
         AND within_bound(a.unique_customers, d.customers)
         AND d.cancelled_count = a.cancelled_count AND d.cancelled_amount = a.cancelled_amount
         AND d.closed_us = a.closed_us AND d.revised = a.revised
         AND a.end_us = a.window_us + 60000000 AS agrees
FROM derived_metrics d
FULL JOIN answered_metrics a USING (window_us, category, location, currency);

-- check: gold.order_metrics equals Postgres for closed windows
WITH answered AS (
  SELECT window_us, category, location, currency,
         {'end': end_us, 'region': region, 'orders': order_count, 'revenue': revenue,
          'largest': largest, 'smallest': smallest, 'customers': unique_customers,
          'cancelled': cancelled_count, 'cancelled_amount': cancelled_amount,
          'closed': closed_us, 'revised': revised, 'average': average} AS content
  FROM answered_metrics WHERE closed_us <= (SELECT closed_until_us FROM published_until)
), gold AS (
  SELECT epoch_us(window_start) AS window_us, category, location, currency,
         {'end': epoch_us(window_end), 'region': region, 'orders': order_count,
          'revenue': minor(revenue), 'largest': minor(largest), 'smallest': minor(smallest),
          'customers': unique_customers, 'cancelled': cancelled_count,
          'cancelled_amount': minor(cancelled_amount), 'closed': epoch_us(closed_at),
          'revised': revised, 'average': minor(average)} AS content,
         count(*) OVER (PARTITION BY window_start, category, location, currency) AS copies
  FROM gold.order_metrics
)
SELECT metrics_key(window_us, category, location, currency) AS key,
       coalesce(a.content::VARCHAR, 'no row') AS expected,
       CASE WHEN g.copies > 1 THEN concat(g.copies, ' rows in gold')
            ELSE coalesce(g.content::VARCHAR, 'no row in gold') END AS actual,
       a.content IS NOT NULL AND g.copies = 1 AND a.content IS NOT DISTINCT FROM g.content AS agrees
FROM answered a FULL JOIN gold g USING (window_us, category, location, currency);

-- check: quality in Postgres equals a recomputation from the lake
WITH answered AS (
  SELECT topic, epoch_us(window_start) AS window_us, silver, duplicate, quarantine,
         minor(score) AS score
  FROM answers.quality
)
SELECT concat(topic, ' ', utc(window_us)) AS key,
       CASE WHEN d.silver IS NULL THEN 'no row' ELSE
         concat(d.silver, ' silver, ', d.duplicates, ' duplicate, ', d.quarantined, ' quarantine')
       END AS expected,
       CASE WHEN a.silver IS NULL THEN 'no row' ELSE
         concat(a.silver, ' silver, ', a.duplicate, ' duplicate, ', a.quarantine,
                ' quarantine, score ', a.score / 100.0)
       END AS actual,
       d.silver = a.silver AND d.duplicates = a.duplicate AND d.quarantined = a.quarantine
         AND a.score IS NOT DISTINCT FROM rounded_average(d.silver * 10000, d.silver + d.quarantined)
         AS agrees
FROM derived_quality d FULL JOIN answered a USING (topic, window_us);

-- check: sessions in Postgres equal a recomputation from silver
SELECT concat(user_id, ' ', currency, ' ', utc(start_us)) AS key,
       coalesce(d.content::VARCHAR, 'no session') AS expected,
       coalesce(a.content::VARCHAR, 'no row') AS actual,
       d.content IS NOT NULL AND a.content IS NOT NULL
         AND d.content::VARCHAR = a.content::VARCHAR AS agrees
FROM derived_session d FULL JOIN answered_session a USING (user_id, currency, start_us);

-- check: gold.sessions equals Postgres for closed sessions
WITH answered AS (
  SELECT *, closed_us <= (SELECT coalesce(max(epoch_us(closed_until)), -1) FROM answers.published
                          WHERE table_name = 'gold.sessions') AS closed
  FROM answered_session
), gold AS (
  SELECT user_id, currency, epoch_us(started_at) AS start_us,
         {'end': epoch_us(ended_at), 'region': region, 'events': events, 'views': views,
          'carts': carts, 'purchases': purchases, 'removals': removals, 'revenue': minor(revenue),
          'products': len(products), 'closed': epoch_us(closed_at), 'furthest': furthest
         } AS content,
         count(*) OVER (PARTITION BY user_id, currency, started_at) AS copies
  FROM gold.sessions
)
SELECT concat(user_id, ' ', currency, ' ', utc(start_us)) AS key,
       coalesce(a.content::VARCHAR, 'no row') AS expected,
       CASE WHEN g.copies > 1 THEN concat(g.copies, ' rows in gold')
            ELSE coalesce(g.content::VARCHAR, 'no row in gold') END AS actual,
       a.content IS NOT NULL AND g.copies = 1 AND a.content::VARCHAR = g.content::VARCHAR AS agrees
FROM answered a FULL JOIN gold g USING (user_id, currency, start_us)
-- One that a late click opened again is in gold as it was until it closes.
WHERE coalesce(a.closed, true);

-- check: product_activity in Postgres equals a recomputation from silver
SELECT concat(product_id, ' ', utc(day_us), ' ', currency) AS key,
       coalesce(d.content::VARCHAR, 'no click') AS expected,
       coalesce(a.content::VARCHAR, 'no row') AS actual,
       d.content IS NOT NULL AND a.content IS NOT NULL
         AND d.content::VARCHAR = a.content::VARCHAR AS agrees
FROM derived_activity d FULL JOIN answered_activity a USING (product_id, day_us, currency);

-- check: trending in Postgres equals a recomputation from silver
SELECT concat(category, ' ', utc(hour_us), ' ', product_id) AS key,
       coalesce(d.content::VARCHAR, 'no click') AS expected,
       coalesce(a.content::VARCHAR, 'no row') AS actual,
       d.content IS NOT NULL AND a.content IS NOT NULL
         AND d.content::VARCHAR = a.content::VARCHAR AS agrees
FROM derived_trending d FULL JOIN answered_trending a USING (category, hour_us, product_id);

-- check: recent_views in Postgres equal a recomputation from silver
SELECT concat(user_id, ' ', product_id) AS key,
       coalesce(utc(d.viewed_us), 'never viewed') AS expected,
       coalesce(utc(a.viewed_us), 'no row') AS actual,
       coalesce(d.viewed_us = a.viewed_us, false) AS agrees
FROM (SELECT user_id, product_id, max(event_us) AS viewed_us FROM silver_click
      WHERE event_type = 'view' GROUP BY ALL) d
FULL JOIN (SELECT user_id, product_id, epoch_us(viewed_at) AS viewed_us
           FROM answers.recent_views) a USING (user_id, product_id);

-- check: Valkey holds what each user viewed last
SELECT concat(user_id, ' ', product_id) AS key, coalesce(utc(e.viewed_us), 'none') AS expected,
       coalesce(utc(h.viewed_us), 'none') AS actual,
       CASE WHEN h.viewed_us IS NULL THEN NOT stays(e.until_us)
            WHEN e.viewed_us IS NULL THEN false
            ELSE may_be_there(e.until_us) AND e.viewed_us = h.viewed_us END AS agrees
FROM (FROM expected_viewed WHERE may_be_there(until_us)) e
FULL JOIN hot.viewed h USING (user_id, product_id);

-- check: Valkey holds what happened to each product each day
SELECT concat(product_id, ' ', day) AS key, coalesce(e.content, 'none') AS expected,
       coalesce(h.content, 'none') AS actual,
       CASE WHEN h.content IS NULL THEN NOT stays(e.until_us)
            WHEN e.content IS NULL THEN false ELSE e.content = h.content END AS agrees
FROM (FROM expected_product_day WHERE may_be_there(until_us)) e
FULL JOIN (
  SELECT product_id, day,
         concat(views, ' views, ', carts, ' carts, ', purchases, ' purchases, ',
                array_to_string(list_sort(list_transform(json_keys(revenue), lambda code:
                  concat(code, '=', json_extract_string(revenue, '$."' || code || '"')))), ' '))
           AS content
  FROM hot.product_day) h USING (product_id, day);

-- check: Valkey holds what is wanted most of each category each hour
SELECT concat(category, ' ', hour, ' ', product_id) AS key, coalesce(e.score::VARCHAR, 'none')
         AS expected,
       coalesce(h.score::VARCHAR, 'none') AS actual,
       CASE WHEN h.score IS NULL THEN NOT stays(e.until_us)
            WHEN e.score IS NULL THEN false ELSE e.score = h.score END AS agrees
FROM (
  SELECT category, strftime(make_timestamp(hour_us), '%Y%m%d%H') AS hour, product_id,
         content.score AS score, hour_us + 49 * 3600000000 AS until_us
  FROM derived_trending WHERE may_be_there(hour_us + 49 * 3600000000)) e
FULL JOIN hot.trending h USING (category, hour, product_id);

-- check: Valkey holds nothing else
SELECT key, 'a known key' AS expected, key AS actual, false AS agrees FROM hot.unknown;
