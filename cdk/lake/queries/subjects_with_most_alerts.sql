-- Orders, customers and devices with the most alerts; people are tokens.
SELECT subject, count(*) AS alerts, count(DISTINCT rule) AS rules, max(event_time) AS latest
FROM gold.fraud_alerts
GROUP BY 1
ORDER BY 2 DESC, 1
LIMIT 100
