-- Revenue by hour: placed orders and what they came to, by currency.
-- Windows of a minute begin every 30 seconds: those of whole minutes hold each order once.
SELECT date_trunc('hour', window_start) AS hour, currency,
    sum(order_count) AS orders, sum(revenue) AS revenue
FROM gold.order_metrics
WHERE category = '*' AND extract(second FROM window_start) = 0
GROUP BY 1, 2
ORDER BY 1, 2
