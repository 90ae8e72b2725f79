-- Did every bronze record end in exactly one of silver, duplicate and quarantine?

-- check: bronze = silver + duplicate + quarantine in each topic and hour
WITH held AS (
  SELECT topic, append_us // 3600000000 AS hour, count(*) AS records FROM record GROUP BY ALL
), judged AS (
  SELECT topic, append_us // 3600000000 AS hour,
         count(*) FILTER (outcome = 'silver') AS silver,
         count(*) FILTER (outcome = 'duplicate') AS duplicates,
         count(*) FILTER (outcome = 'quarantine') AS quarantined
  FROM outcome_of_record GROUP BY ALL
)
SELECT concat(topic, ' ', utc(hour * 3600000000)) AS key,
       concat(coalesce(records, 0), ' records') AS expected,
       concat(coalesce(silver, 0), ' silver + ', coalesce(duplicates, 0), ' duplicate + ',
              coalesce(quarantined, 0), ' quarantine') AS actual,
       coalesce(records, 0) = coalesce(silver + duplicates + quarantined, 0) AS agrees
FROM held FULL JOIN judged USING (topic, hour);

-- check: each record has exactly one outcome
WITH held AS (
  SELECT topic_id, partition, number, any_value(topic) AS topic FROM record
  GROUP BY topic_id, partition, number
), judged AS (
  SELECT topic_id, partition, number, any_value(topic) AS topic, count(*) AS outcomes,
         string_agg(outcome, ' + ' ORDER BY outcome) AS named
  FROM outcome_of_record GROUP BY topic_id, partition, number
)
SELECT record_position(coalesce(h.topic, j.topic), topic_id, partition, number) AS key,
       CASE WHEN h.topic IS NULL THEN 'a record in bronze' ELSE 'one outcome' END AS expected,
       coalesce(j.named, 'none') AS actual,
       h.topic IS NOT NULL AND j.outcomes = 1 AS agrees
FROM held h FULL JOIN judged j USING (topic_id, partition, number);

-- check: each duplicate names a twin in silver
SELECT record_position(d.topic, d.topic_id, d.partition, d.number) AS key,
       concat(d.event_id, ' at ', d.twin_partition, '@', d.twin_number) AS expected,
       coalesce(s.event_id, 'not in silver') AS actual, s.event_id = d.event_id AS agrees
FROM duplicate d
LEFT JOIN (SELECT DISTINCT topic, topic_id, partition, number, event_id FROM silver_event) s
  ON s.topic = d.topic AND s.topic_id = d.twin_topic_id AND s.partition = d.twin_partition
 AND s.number = d.twin_number;

-- check: no two contents share one event id
SELECT record_position(d.topic, d.topic_id, d.partition, d.number) AS key,
       concat('the content of event ', d.event_id) AS expected,
       concat('conflicting: ', c.differing) AS actual, c.differing IS NULL AS agrees
FROM duplicate d
LEFT JOIN conflicts c
  ON c.topic_id = d.topic_id AND c.partition = d.partition AND c."offset" = d.number;

-- check: each quarantined record has a known reason
SELECT record_position(q.topic, q.topic_id, q.partition, q.number) AS key, 'a known reason' AS expected,
       q.reason AS actual, k.reason IS NOT NULL AS agrees
FROM quarantined q LEFT JOIN known_reasons k USING (reason);
