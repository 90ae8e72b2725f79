-- Is each alert in Postgres, in its topic and in gold one that the rules give, and none missing?

CREATE OR REPLACE TABLE answered_alert AS
SELECT lower(alert_id) AS alert_id, rule, rule_version, subject, severity,
       epoch_us(event_time) AS event_us, epoch_us(append_time) AS append_us, region, evidence,
       epoch_us(window_start) AS window_us
FROM answers.alerts;

-- The topic keeps alerts for days, the table for ever: what retention took away is not asked for.
CREATE OR REPLACE VIEW alerts_topic AS
SELECT coalesce(sum(low), 0) AS expired FROM broker.partitions WHERE topic = 'ecommerce-alerts';

-- note: alerts sent more than once
SELECT concat(repeated, ' alerts are in the topic more than once, which its guarantee allows')
FROM (SELECT count(*) - count(DISTINCT lower(alert_id)) AS repeated FROM broker.alerts)
WHERE repeated > 0;

-- note: alerts beyond the topic's retention
SELECT concat(expired, ' alerts have left the topic by its retention; the table holds them')
FROM alerts_topic WHERE expired > 0;

-- check: alerts in Postgres equal the rules evaluated over silver
-- Which of the orders that complete an alert of a window was seen first is the order of arrival's:
-- its time must lie in the window, and its region is not compared.
WITH derived AS (
  SELECT lower(alert_id) AS alert_id, * EXCLUDE (alert_id) FROM expected_alerts
), compared AS (
  SELECT alert_id,
         CASE WHEN d.rule IS NOT NULL THEN
           {'rule': d.rule, 'version': d.rule_version, 'subject': d.subject,
            'severity': d.severity, 'window': d.window_us,
            'at': CASE WHEN d.window_us IS NULL THEN d.event_us::VARCHAR ELSE 'in its window' END,
            'region': CASE WHEN d.window_us IS NULL THEN d.region END} END AS derived,
         CASE WHEN a.rule IS NOT NULL THEN
           {'rule': a.rule, 'version': a.rule_version, 'subject': a.subject,
            'severity': a.severity, 'window': a.window_us,
            'at': CASE WHEN a.event_us >= d.window_us AND a.event_us < d.window_us + d.suppress_us
                       THEN 'in its window' ELSE a.event_us::VARCHAR END,
            'region': CASE WHEN d.window_us IS NULL THEN a.region END} END AS answered
  FROM derived d FULL JOIN answered_alert a USING (alert_id)
)
SELECT alert_id AS key, coalesce(derived::VARCHAR, 'no alert') AS expected,
       coalesce(answered::VARCHAR, 'no alert') AS actual,
       derived IS NOT NULL AND answered IS NOT NULL
         AND derived IS NOT DISTINCT FROM answered AS agrees
FROM compared;

-- check: the alerts topic holds the alerts in Postgres
WITH sent AS (SELECT DISTINCT lower(alert_id) AS alert_id FROM broker.alerts)
SELECT alert_id AS key,
       CASE WHEN a.rule IS NULL THEN 'no alert' ELSE concat(a.rule, ' ', a.subject) END AS expected,
       CASE WHEN s.alert_id IS NULL THEN 'not in the topic' ELSE 'in the topic' END AS actual,
       a.rule IS NOT NULL
         AND (s.alert_id IS NOT NULL OR (SELECT expired FROM alerts_topic) > 0) AS agrees
FROM answered_alert a FULL JOIN sent s USING (alert_id);

-- check: gold.fraud_alerts equals Postgres
WITH gold AS (
  SELECT lower(alert_id) AS alert_id, count(*) AS copies,
         any_value({'rule': rule, 'version': rule_version, 'subject': subject,
          'severity': severity, 'at': epoch_us(event_time), 'appended': epoch_us(append_time),
          'window': epoch_us(window_start), 'region': region,
          'evidence': json_sorted(evidence)}) AS content
  FROM gold.fraud_alerts GROUP BY lower(alert_id)
), answered AS (
  SELECT alert_id, {'rule': rule, 'version': rule_version, 'subject': subject,
                    'severity': severity, 'at': event_us, 'appended': append_us,
                    'window': window_us, 'region': region,
                    'evidence': json_sorted(evidence)} AS content
  FROM answered_alert
)
SELECT alert_id AS key, coalesce(a.content::VARCHAR, 'no alert') AS expected,
       CASE WHEN g.copies > 1 THEN concat(g.copies, ' rows in gold')
            ELSE coalesce(g.content::VARCHAR, 'not in gold') END AS actual,
       g.copies = 1 AND a.content IS NOT NULL AND a.content IS NOT DISTINCT FROM g.content AS agrees
FROM answered a FULL JOIN gold g USING (alert_id);
