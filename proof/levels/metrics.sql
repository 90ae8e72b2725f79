-- What did each category earn, where, in each sliding minute? Worked out again from single orders.

CREATE OR REPLACE MACRO half_away(ten_thousandths) AS
  CAST(sign(ten_thousandths) * ((abs(ten_thousandths) + 50) // 100) AS BIGINT);

-- Takes a relation's name with event_id, event_us, append_us, region, canary, kind, customer_id,
-- total_minor, currency, location, lines [{category, quantity, price in ten-thousandths}].
CREATE OR REPLACE MACRO order_metrics_of(orders) AS TABLE
WITH counted AS (
  SELECT * FROM query_table(orders) WHERE NOT canary AND kind IN ('placed', 'cancelled')
), line AS (
  SELECT event_id, unnest(lines) AS bought FROM counted
), amount AS (
  SELECT event_id, '*' AS category, total_minor AS minor FROM counted
  UNION ALL
  SELECT event_id, bought.category,
         CAST(sum(half_away(bought.quantity::HUGEINT * bought.price)) AS BIGINT)
  -- '*' means the whole order: a category of that name has no row of its own.
  FROM line WHERE bought.category <> '*' GROUP BY ALL
), windowed AS (
  SELECT c.*, a.category, a.minor,
         unnest([c.event_us // 30000000 * 30000000, (c.event_us // 30000000 - 1) * 30000000])
           AS window_us
  FROM counted c JOIN amount a USING (event_id)
)
SELECT window_us, category, location, currency,
       min(region) AS region,
       count(*) FILTER (kind = 'placed') AS order_count,
       coalesce(CAST(sum(minor) FILTER (kind = 'placed') AS BIGINT), 0) AS revenue,
       max(minor) FILTER (kind = 'placed') AS largest,
       min(minor) FILTER (kind = 'placed') AS smallest,
       count(DISTINCT customer_id) FILTER (kind = 'placed') AS customers,
       count(*) FILTER (kind = 'cancelled') AS cancelled_count,
       coalesce(CAST(-sum(minor) FILTER (kind = 'cancelled') AS BIGINT), 0) AS cancelled_amount,
       window_us + 90000000 AS closed_us,
       count(*) FILTER (append_us > window_us + 90000000) AS revised
FROM windowed
GROUP BY ALL;

-- Postgres' answer in the same form.
CREATE OR REPLACE VIEW answered_metrics AS
SELECT epoch_us(window_start) AS window_us, epoch_us(window_end) AS end_us, category, location,
       currency, region, order_count, minor(revenue) AS revenue, minor(largest) AS largest,
       minor(smallest) AS smallest, unique_customers, cancelled_count,
       minor(cancelled_amount) AS cancelled_amount, epoch_us(closed_at) AS closed_us, revised,
       minor(average) AS average
FROM answers.order_metrics;

CREATE OR REPLACE MACRO metrics_key(window_us, category, location, currency) AS
  concat(utc(window_us), ' ', category, ' ', location, ' ', currency);

-- A sketch of 4,096 registers is within 3 x 1.04 / sqrt(4096) of the exact number.
CREATE OR REPLACE MACRO within_bound(estimate, exact) AS
  abs(estimate - exact) <= greatest(1, 3 * 1.04 / 64 * exact);

CREATE OR REPLACE MACRO rounded_average(revenue, orders) AS
  CASE WHEN orders > 0 THEN
    CAST(sign(revenue) * ((2 * abs(revenue::HUGEINT) + orders) // (2 * orders)) AS BIGINT) END;
