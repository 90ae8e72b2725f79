-- Cancellations by day: how many, what they came to, and how that compares with what was placed.
-- Windows of a minute begin every 30 seconds: those of whole minutes hold each order once.
SELECT date_trunc('day', window_start) AS day, currency,
    sum(cancelled_count) AS cancelled, sum(cancelled_amount) AS amount, sum(revenue) AS revenue
FROM gold.order_metrics
WHERE category = '*' AND extract(second FROM window_start) = 0
GROUP BY 1, 2
ORDER BY 1, 2
