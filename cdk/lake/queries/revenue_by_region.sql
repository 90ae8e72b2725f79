-- Revenue by region, location and currency.
-- Windows of a minute begin every 30 seconds: those of whole minutes hold each order once.
SELECT region, location, currency, sum(order_count) AS orders, sum(revenue) AS revenue
FROM gold.order_metrics
WHERE category = '*' AND extract(second FROM window_start) = 0
GROUP BY 1, 2, 3
ORDER BY 5 DESC, 1, 2, 3
