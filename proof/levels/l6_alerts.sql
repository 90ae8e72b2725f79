-- Is each alert in Postgres, in its topic and in gold one that the rules give, and none missing?

-- What the rules give, and what is in gold, is checked by the question fraud_alerts.

-- The topic keeps alerts for days and the table keeps them for ever. The proof does not ask for what
-- retention took away.
CREATE OR REPLACE VIEW alerts_topic AS
SELECT coalesce(sum(low), 0) AS expired FROM broker.partitions WHERE topic = 'ecommerce-alerts';

-- note: alerts sent more than once
SELECT concat(repeated, ' alerts are in the topic more than once, which its guarantee allows')
FROM (SELECT count(*) - count(DISTINCT lower(alert_id)) AS repeated FROM broker.alerts)
WHERE repeated > 0;

-- note: alerts beyond the topic's retention
SELECT concat(expired, ' alerts have left the topic by its retention; the table holds them')
FROM alerts_topic WHERE expired > 0;

-- check: the alerts topic holds the alerts in Postgres
WITH sent AS (SELECT DISTINCT lower(alert_id) AS alert_id FROM broker.alerts)
SELECT alert_id AS key,
       CASE WHEN a.rule IS NULL THEN 'no alert' ELSE concat(a.rule, ' ', a.subject) END AS expected,
       CASE WHEN s.alert_id IS NULL THEN 'not in the topic' ELSE 'in the topic' END AS actual,
       a.rule IS NOT NULL
         AND (s.alert_id IS NOT NULL OR (SELECT expired FROM alerts_topic) > 0) AS agrees
FROM (SELECT * REPLACE (lower(alert_id) AS alert_id) FROM answers.alerts) a
FULL JOIN sent s USING (alert_id);
