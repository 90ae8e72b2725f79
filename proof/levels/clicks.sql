-- What do people look at, and how do their visits end? Worked out again from single clicks.

CREATE OR REPLACE VIEW silver_click AS
SELECT lower(event_id) AS event_id, epoch_us(event_time) AS event_us, region, event_type, user_id,
       product_id, category, minor(price) AS price_minor, currency
FROM silver.clicks WHERE NOT is_canary(source_producer);

-- A click that comes 30 minutes or more after the one before begins a session.
-- Takes a relation's name with event_id, event_us, region, event_type, user_id, product_id,
-- category, price_minor, currency.
CREATE OR REPLACE MACRO sessions_of(clicks) AS TABLE
WITH marked AS (
  SELECT *, coalesce(event_us - lag(event_us) OVER each >= 1800000000, true)::INT AS begins
  FROM query_table(clicks)
  WINDOW each AS (PARTITION BY user_id, currency ORDER BY event_us, event_id)
), numbered AS (
  SELECT *, sum(begins) OVER (PARTITION BY user_id, currency ORDER BY event_us, event_id
                              ROWS UNBOUNDED PRECEDING) AS number
  FROM marked
)
SELECT user_id, currency, min(event_us) AS start_us,
       {'end': max(event_us), 'region': min(region), 'events': count(*),
        'views': count(*) FILTER (event_type = 'view'),
        'carts': count(*) FILTER (event_type = 'cart'),
        'purchases': count(*) FILTER (event_type = 'purchase'),
        'removals': count(*) FILTER (event_type = 'remove_from_cart'),
        'revenue': coalesce(CAST(sum(price_minor) FILTER (event_type = 'purchase') AS BIGINT), 0),
        'products': count(DISTINCT product_id),
        'closed': max(event_us) + 1800000000,
        'furthest': CASE WHEN bool_or(event_type = 'purchase') THEN 'purchase'
                         WHEN bool_or(event_type <> 'view') THEN 'cart' ELSE 'view' END} AS content
FROM numbered GROUP BY user_id, currency, number;

CREATE OR REPLACE VIEW answered_session AS
SELECT user_id, currency, epoch_us(started_at) AS start_us, epoch_us(closed_at) AS closed_us,
       {'end': epoch_us(ended_at), 'region': region, 'events': events, 'views': views,
        'carts': carts, 'purchases': purchases, 'removals': removals, 'revenue': minor(revenue),
        'products': product_count, 'closed': epoch_us(closed_at), 'furthest': furthest} AS content
FROM answers.sessions WHERE NOT absorbed;

CREATE OR REPLACE TABLE derived_session AS FROM sessions_of('silver_click');

CREATE OR REPLACE MACRO activity_of(clicks) AS TABLE
SELECT product_id, event_us // 86400000000 * 86400000000 AS day_us, currency,
       {'views': count(*) FILTER (event_type = 'view'),
        'carts': count(*) FILTER (event_type = 'cart'),
        'purchases': count(*) FILTER (event_type = 'purchase'),
        'revenue': coalesce(CAST(sum(price_minor) FILTER (event_type = 'purchase') AS BIGINT), 0)
       } AS content
FROM query_table(clicks) WHERE event_type <> 'remove_from_cart' GROUP BY ALL;

CREATE OR REPLACE TABLE derived_activity AS FROM activity_of('silver_click');

CREATE OR REPLACE MACRO trending_of(clicks) AS TABLE
SELECT category, event_us // 3600000000 * 3600000000 AS hour_us, product_id,
       {'views': count(*) FILTER (event_type = 'view'),
        'carts': count(*) FILTER (event_type = 'cart'),
        'purchases': count(*) FILTER (event_type = 'purchase'),
        'score': count(*) FILTER (event_type = 'view') + 3 * count(*) FILTER (event_type = 'cart')
                 + 10 * count(*) FILTER (event_type = 'purchase')} AS content
FROM query_table(clicks) WHERE event_type <> 'remove_from_cart' GROUP BY ALL;

CREATE OR REPLACE TABLE derived_trending AS FROM trending_of('silver_click');

-- Postgres' answers in the same form.
CREATE OR REPLACE VIEW answered_activity AS
SELECT product_id, epoch_us(day) AS day_us, currency,
       {'views': views, 'carts': carts, 'purchases': purchases, 'revenue': minor(revenue)} AS content
FROM answers.product_activity;

CREATE OR REPLACE VIEW answered_trending AS
SELECT category, epoch_us(hour) AS hour_us, product_id,
       {'views': views, 'carts': carts, 'purchases': purchases, 'score': score} AS content
FROM answers.trending;

-- What Valkey must hold now. A key that goes within two minutes may be gone or not.
CREATE OR REPLACE MACRO stays(until_us) AS
  until_us > (SELECT max(now_us) FROM hot.moment) + 120000000;
CREATE OR REPLACE MACRO may_be_there(until_us) AS
  until_us > (SELECT max(now_us) FROM hot.moment) - 120000000;

-- The newest 50 that a user viewed in the day before the last view, for a day after it.
CREATE OR REPLACE TABLE expected_viewed AS
WITH last_view AS (
  SELECT user_id, product_id, max(event_us) AS viewed_us FROM silver_click
  WHERE event_type = 'view' GROUP BY ALL
), ranked AS (
  SELECT *, max(viewed_us) OVER (PARTITION BY user_id) AS newest_us,
         row_number() OVER (PARTITION BY user_id ORDER BY viewed_us DESC, product_id DESC) AS place
  FROM last_view
)
SELECT user_id, product_id, viewed_us, newest_us + 86400000000 AS until_us
FROM ranked WHERE place <= 50 AND viewed_us > newest_us - 86400000000;

CREATE OR REPLACE TABLE expected_product_day AS
WITH counted AS (
  SELECT product_id, event_us // 86400000000 * 86400000000 AS day_us, currency,
         count(*) FILTER (event_type = 'view') AS views,
         count(*) FILTER (event_type = 'cart') AS carts,
         count(*) FILTER (event_type = 'purchase') AS purchases,
         coalesce(CAST(sum(price_minor) FILTER (event_type = 'purchase') AS BIGINT), 0) AS revenue
  FROM silver_click WHERE event_type <> 'remove_from_cart' GROUP BY ALL
)
SELECT product_id, strftime(make_timestamp(day_us), '%Y%m%d') AS day,
       day_us + 8 * 86400000000 AS until_us,
       concat(sum(views), ' views, ', sum(carts), ' carts, ', sum(purchases), ' purchases, ',
              string_agg(concat(currency, '=', revenue), ' ' ORDER BY currency)) AS content
FROM counted GROUP BY product_id, day_us;
