-- How often was each product looked at, put into a cart and bought, day by day?

-- derived: from clicks
SELECT product_id, moment(event_us // 86400000000 * 86400000000) AS day, currency,
       count(*) FILTER (event_type = 'view') AS views,
       count(*) FILTER (event_type = 'cart') AS carts,
       count(*) FILTER (event_type = 'purchase') AS purchases,
       money(coalesce(sum(price_minor) FILTER (event_type = 'purchase'), 0)) AS revenue
FROM clicks WHERE event_type <> 'remove_from_cart' GROUP BY ALL;
