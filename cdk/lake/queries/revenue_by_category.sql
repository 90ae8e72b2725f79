-- Revenue by category and currency; an order with lines in two categories counts in both.
-- Windows of a minute begin every 30 seconds: those of whole minutes hold each order once.
SELECT category, currency, sum(order_count) AS orders, sum(revenue) AS revenue
FROM gold.order_metrics
WHERE category <> '*' AND extract(second FROM window_start) = 0
GROUP BY 1, 2
ORDER BY 4 DESC, 1, 2
