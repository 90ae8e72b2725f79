-- How many of the records of each topic are good?

-- derived: from records
WITH counted AS (
  SELECT topic, moment(append_us // 300000000 * 300000000) AS window_start,
         count(*) FILTER (outcome = 'silver') AS silver,
         count(*) FILTER (outcome = 'duplicate') AS duplicate,
         count(*) FILTER (outcome = 'quarantine') AS quarantine
  FROM records GROUP BY ALL
)
SELECT *, money(rounded_average(silver * 10000, silver + quarantine)) AS score FROM counted;
