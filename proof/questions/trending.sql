-- Which products of a category are wanted most in each hour?

-- derived: from clicks
WITH counted AS (
  SELECT category, moment(event_us // 3600000000 * 3600000000) AS hour, product_id,
         count(*) FILTER (event_type = 'view') AS views,
         count(*) FILTER (event_type = 'cart') AS carts,
         count(*) FILTER (event_type = 'purchase') AS purchases
  FROM clicks WHERE event_type <> 'remove_from_cart' GROUP BY ALL
)
SELECT *, views + 3 * carts + 10 * purchases AS score FROM counted;
