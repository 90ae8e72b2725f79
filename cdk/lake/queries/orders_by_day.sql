-- Orders by day as the shop sent them, by kind, with what they came to; without the canary's.
SELECT date_trunc('day', event_time) AS day, kind, currency,
    count(*) AS orders, sum(total) AS total
FROM silver.orders
WHERE source_producer <> 'canary'
GROUP BY 1, 2, 3
ORDER BY 1, 2, 3
