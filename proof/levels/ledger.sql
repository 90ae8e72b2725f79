-- How many events took which way?

CREATE OR REPLACE TABLE attempted_event AS
SELECT topic, lower(event_id) AS event_id, count(*) AS attempts,
       count(*) FILTER (o.outcome = 'acknowledged') AS acknowledged
FROM ledger.attempts a LEFT JOIN ledger.outcomes o USING (run, sequence)
GROUP BY ALL;

-- Records of an event that no acknowledgement names.
CREATE OR REPLACE TABLE unclaimed AS
SELECT r.topic, r.event_id, count(*) AS records
FROM (SELECT DISTINCT topic, topic_id, partition, number, event_id FROM record) r
ANTI JOIN acknowledgement k
  ON k.topic_id = r.topic_id AND k.partition = r.partition AND k.number = r.number
GROUP BY ALL;

-- count: attempted
SELECT count(*) FROM ledger.attempts;

-- count: acknowledged
SELECT count(*) FROM acknowledgement;

-- count: bronze
SELECT count(*) FROM record;

-- count: skipped
SELECT coalesce(sum(until - first), 0) FROM skipped_range
WHERE application = 'ingest' AND reason = 'transaction';

-- count: gap
SELECT coalesce(sum(greatest(0, until - greatest(first, coalesce(before, first)))), 0) FROM (
  SELECT first, until, max(until) OVER (PARTITION BY topic_id, partition ORDER BY first, until
                                        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before
  FROM skipped_range WHERE reason = 'gap'
);

-- count: silver
SELECT count(*) FROM silver_event;

-- count: late
SELECT count(*) FROM silver_event WHERE late_by_us > late_after_us();

-- count: duplicate
SELECT count(*) FROM duplicate;

-- count: lost
SELECT count(*) FROM (
  SELECT DISTINCT topic, event_id FROM acknowledgement k
  WHERE NOT in_a_gap AND NOT EXISTS (FROM silver_event s WHERE s.topic = k.topic AND s.event_id = k.event_id)
    AND NOT EXISTS (FROM quarantined q WHERE q.topic = k.topic AND q.event_id = k.event_id)
    AND NOT EXISTS (FROM quarantined q WHERE q.topic_id = k.topic_id
                    AND q.partition = k.partition AND q.number = k.number)
);

-- count: unexpected
SELECT coalesce(sum(greatest(0, u.records - coalesce(a.attempts - a.acknowledged, 0))), 0)
FROM unclaimed u
LEFT JOIN attempted_event a ON a.topic = u.topic AND a.event_id = u.event_id
WHERE u.topic IN (SELECT DISTINCT topic FROM ledger.attempts)
  AND NOT EXISTS (FROM silver_event s
                  WHERE s.canary AND s.topic = u.topic AND s.event_id = u.event_id);

-- count: recovered
SELECT coalesce(sum(least(u.records, a.attempts - a.acknowledged)), 0)
FROM unclaimed u JOIN attempted_event a ON a.topic = u.topic AND a.event_id = u.event_id;

-- count: duplicated
SELECT
  (SELECT count(*) FROM record)
  - (SELECT count(*) FROM (SELECT DISTINCT topic_id, partition, number FROM record))
  + (SELECT count(*) FROM silver_event)
  - (SELECT count(*) FROM (SELECT DISTINCT topic, event_id FROM silver_event))
  + (SELECT count(*) FROM outcome_of_record WHERE outcome <> 'silver')
  - (SELECT count(*) FROM (SELECT DISTINCT topic_id, partition, number, outcome
                           FROM outcome_of_record WHERE outcome <> 'silver'))
  + (SELECT count(*) FROM (SELECT DISTINCT topic_id, partition, number, outcome
                           FROM outcome_of_record))
  - (SELECT count(*) FROM (SELECT DISTINCT topic_id, partition, number FROM outcome_of_record));

-- count: conflicting
SELECT count(*) FROM conflicts;
