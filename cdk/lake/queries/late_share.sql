-- The share of events that came more than 15 minutes after their time, in percent.
SELECT topic, count(*) AS events,
    sum(CASE WHEN late_by_us > 900000000 THEN 1 ELSE 0 END) AS late,
    100.0 * sum(CASE WHEN late_by_us > 900000000 THEN 1 ELSE 0 END) / count(*) AS percent
FROM (
    SELECT topic, late_by_us FROM silver.orders WHERE source_producer <> 'canary'
    UNION ALL SELECT topic, late_by_us FROM silver.clicks
    UNION ALL SELECT topic, late_by_us FROM silver.promotions
) AS events
GROUP BY 1
ORDER BY 1
