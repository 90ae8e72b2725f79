-- Alerts by rule, severity and day.
SELECT date_trunc('day', event_time) AS day, rule, severity, count(*) AS alerts
FROM gold.fraud_alerts
GROUP BY 1, 2, 3
ORDER BY 1, 2, 3
