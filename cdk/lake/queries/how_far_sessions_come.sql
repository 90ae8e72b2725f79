-- How far sessions come: those that end at a view, at a cart and at a purchase, by region.
SELECT region, furthest, count(*) AS sessions, sum(revenue) AS revenue
FROM gold.sessions
GROUP BY 1, 2
ORDER BY 1, 2
