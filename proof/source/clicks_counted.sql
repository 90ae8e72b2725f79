-- Which clicks must the stack have counted, by the data files?

-- A shopper has the token that the lake has for the click. That one shopper has one token is a check
-- of its own.
CREATE OR REPLACE TABLE source_click AS
SELECT s.event_id, s.event_us, no_place() AS region, s.kind AS event_type, c.user_id,
       s.shopper, s.session, s.product AS product_id, s.category, s.brand, s.price_minor,
       'USD' AS currency
FROM step_event s
LEFT JOIN (SELECT DISTINCT lower(event_id) AS event_id, user_id FROM silver.clicks) c
  USING (event_id)
WHERE s.topic = 'ecommerce-clicks' AND s.price_minor >= 0;

-- Clicks of runs that replayed no file, as silver has them: they share rows with the file's.
CREATE OR REPLACE TABLE other_click AS
FROM silver_click
WHERE event_id IN (SELECT lower(event_id) FROM ledger.attempts
                   WHERE run NOT IN (SELECT run FROM source_slice))
  AND event_id NOT IN (SELECT event_id FROM source_event);

-- The questions are derived from this.
CREATE OR REPLACE TABLE file_click AS
FROM (SELECT * EXCLUDE (shopper, session, brand) FROM source_click)
UNION ALL BY NAME FROM other_click;

CREATE OR REPLACE VIEW clicks AS FROM file_click;

-- count: clicks
SELECT count(*) FROM source_click;

-- count: views
SELECT count(*) FROM source_click WHERE event_type = 'view';

-- count: carts
SELECT count(*) FROM source_click WHERE event_type = 'cart';

-- count: removals
SELECT count(*) FROM source_click WHERE event_type = 'remove_from_cart';

-- count: purchases
SELECT count(*) FROM source_click WHERE event_type = 'purchase';

-- count: clicks_of_other_runs
SELECT count(*) FROM other_click;
