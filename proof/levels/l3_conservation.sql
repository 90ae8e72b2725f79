-- Did every bronze record end, as it is, in exactly one of silver, duplicate and quarantine?

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

-- check: what became of a record names its topic, cluster and append time
SELECT record_position(r.topic, topic_id, partition, number) AS key,
       concat_ws(' ', r.topic, r.cluster_id, r.append_us) AS expected,
       concat_ws(' ', o.outcome, o.topic, o.cluster_id, o.append_us) AS actual,
       o.topic = r.topic AND o.cluster_id = r.cluster_id AND o.append_us = r.append_us AS agrees
FROM outcome_of_record o JOIN record r USING (topic_id, partition, number);

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

-- check: each quarantined record is refused for what its bytes are
-- A schema that is registered later does not take a record out of quarantine: what was unknown stays
-- so, and its detail is the id. Each engine says in words of its own why bytes do not fit a schema.
-- An earlier version read no compressed value, and refused its header.
SELECT record_position(q.topic, q.topic_id, q.partition, q."offset") AS key,
       coalesce(j.reason || ': ' || j.detail, 'an event') AS expected,
       concat(q.reason, ': ', q.detail) AS actual,
       CASE q.reason
         WHEN 'unknown_schema' THEN q.detail = j.schema_id
         WHEN 'bad_header' THEN compressed(q.value) OR coalesce(q.reason = j.reason AND q.detail = j.detail, false)
         WHEN 'undecodable' THEN coalesce(j.reason, '') = 'undecodable'
                              OR starts_with(q.detail, 'the newest schema has no field ')
         ELSE q.reason = j.reason AND q.detail = j.detail
       END AS agrees
FROM bronze.quarantine q
JOIN judged_again j
  ON j.topic_id = q.topic_id AND j.partition = q.partition AND j.number = q."offset";

-- check: quarantine holds each record as bronze does
SELECT q.key IS NOT DISTINCT FROM e.key AND q.value IS NOT DISTINCT FROM e.value
         AND (q.schema_id IS NOT DISTINCT FROM j.schema_id
              OR q.reason = 'bad_header' AND compressed(q.value))
         -- Under these reasons no field of the event can be believed.
         AND q.event_id IS NOT DISTINCT FROM
             CASE WHEN q.reason NOT IN ('empty', 'oversized', 'bad_header', 'unknown_schema',
                                        'undecodable') THEN j.event_id END AS agrees,
       record_position(q.topic, q.topic_id, q.partition, q."offset") AS key,
       CASE WHEN NOT agrees THEN concat_ws(', ', 'key ' || e.key::VARCHAR,
         'event id ' || j.event_id, 'schema id ' || j.schema_id, 'value ' || e.value::VARCHAR)
       END AS expected,
       CASE WHEN NOT agrees THEN concat_ws(', ', 'key ' || q.key::VARCHAR,
         'event id ' || q.event_id, 'schema id ' || q.schema_id, 'value ' || q.value::VARCHAR)
       END AS actual
FROM bronze.quarantine q
JOIN bronze.events e
  ON e.topic_id = q.topic_id AND e.partition = q.partition AND e."offset" = q."offset"
JOIN judged_again j
  ON j.topic_id = q.topic_id AND j.partition = q.partition AND j.number = q."offset";
