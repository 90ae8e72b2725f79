-- Did Kafka, and then the lake, keep what Kafka acknowledged?

CREATE OR REPLACE VIEW record_by_position AS
SELECT topic_id, partition, number, min(event_id) AS event_id FROM record GROUP BY ALL;

-- note: a topic that was deleted
SELECT concat('topic ', topic, ' with id ', topic_id, ' is no longer at the broker (deleted, or created again): ',
              count(*), ' acknowledgements are judged by bronze alone')
FROM acknowledgement k
WHERE NOT EXISTS (FROM broker.partitions p WHERE p.topic_id = k.topic_id)
GROUP BY topic, topic_id ORDER BY topic, topic_id;

-- check: acknowledged offsets lie inside the topic
SELECT record_position(k.topic, k.topic_id, k.partition, k.number) AS key,
       concat('[', p.low, ', ', p.high, ')') AS expected, k.number::VARCHAR AS actual,
       k.number < p.high AND (k.number >= p.low OR b.number IS NOT NULL OR k.in_a_gap) AS agrees
FROM acknowledgement k
JOIN (SELECT DISTINCT topic_id FROM broker.partitions) live USING (topic_id)
LEFT JOIN broker.partitions p ON p.topic_id = k.topic_id AND p.partition = k.partition
LEFT JOIN record_by_position b
  ON b.topic_id = k.topic_id AND b.partition = k.partition AND b.number = k.number;

-- check: bronze holds each acknowledged event at its offset
SELECT record_position(k.topic, k.topic_id, k.partition, k.number) AS key, k.event_id AS expected,
       CASE WHEN b.number IS NULL THEN 'no row' ELSE coalesce(b.event_id, 'no event id') END AS actual,
       -- A value that is not an event may have no readable id. It must be in quarantine then.
       CASE WHEN b.number IS NULL THEN k.in_a_gap WHEN b.event_id = k.event_id THEN true
            ELSE q.reason IS NOT NULL AND (b.event_id IS NULL OR q.reason = 'invalid_event_id')
       END AS agrees
FROM acknowledgement k
LEFT JOIN record_by_position b
  ON b.topic_id = k.topic_id AND b.partition = k.partition AND b.number = k.number
LEFT JOIN (SELECT topic_id, partition, number, min(reason) AS reason FROM quarantined
           GROUP BY topic_id, partition, number) q
  ON q.topic_id = k.topic_id AND q.partition = k.partition AND q.number = k.number;

-- check: no offset was acknowledged for two attempts
SELECT record_position(any_value(topic), topic_id, partition, number) AS key, '1' AS expected,
       count(*)::VARCHAR AS actual, count(*) = 1 AS agrees
FROM acknowledgement GROUP BY topic_id, partition, number;
