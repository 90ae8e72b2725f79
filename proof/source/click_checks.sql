-- Are the clicks, and what follows from them, those that the raw data file gives?

-- check: clicks
WITH told AS (
  SELECT event_id, {'type': event_type, 'product': product_id, 'category': category,
                    'brand': brand, 'session': session, 'price': price_minor,
                    'currency': currency, 'at': event_us, 'region': region} AS content
  FROM source_click
), kept AS (
  SELECT lower(event_id) AS event_id,
         {'type': event_type, 'product': product_id, 'category': category, 'brand': brand,
          'session': session_id, 'price': minor(price), 'currency': currency,
          'at': epoch_us(event_time), 'region': region} AS content
  FROM silver.clicks
  WHERE NOT is_canary(source_producer)
    AND lower(event_id) NOT IN (SELECT event_id FROM other_click)
)
SELECT event_id AS key, coalesce(t.content::VARCHAR, 'not in the file') AS expected,
       coalesce(k.content::VARCHAR, 'no row') AS actual,
       t.content IS NOT NULL AND k.content IS NOT NULL
         AND t.content IS NOT DISTINCT FROM k.content AS agrees
FROM told t FULL JOIN kept k USING (event_id);

-- check: shoppers
WITH named AS (
  SELECT shopper, user_id AS token FROM source_click WHERE user_id IS NOT NULL
  UNION
  SELECT t.shopper, a.customer_id
  FROM step_event t JOIN answers.orders a ON lower(a.event_id) = t.event_id
), counted AS (
  SELECT *, count(*) OVER (PARTITION BY shopper) AS tokens,
         count(*) OVER (PARTITION BY token) AS shoppers
  FROM named
)
SELECT shopper AS key, 'one token of its own' AS expected,
       concat(coalesce(token, 'no token'), ', one of ', tokens, '; of ', shoppers, ' shoppers')
         AS actual,
       tokens = 1 AND shoppers = 1 AND token IS NOT NULL AS agrees
FROM counted;

-- check: quarantine
WITH told AS (
  SELECT event_id, 'negative_price' AS reason FROM step_event
  WHERE CASE WHEN topic = 'ecommerce-orders' THEN price_units < 0 ELSE price_minor < 0 END
), kept AS (
  SELECT DISTINCT event_id, reason FROM quarantined JOIN step_event USING (event_id)
)
SELECT event_id AS key, coalesce(t.reason, 'an event') AS expected,
       coalesce(k.reason, 'not in quarantine') AS actual,
       coalesce(t.reason = k.reason, false) AS agrees
FROM told t FULL JOIN kept k USING (event_id);
