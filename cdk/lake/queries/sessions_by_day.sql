-- Sessions by day: how many, how long in seconds, and how many ended in a purchase.
SELECT date_trunc('day', started_at) AS day, region, count(*) AS sessions,
    sum(seconds) / count(*) AS mean_seconds,
    sum(CASE WHEN converted THEN 1 ELSE 0 END) AS converted
FROM gold.sessions
GROUP BY 1, 2
ORDER BY 1, 2
