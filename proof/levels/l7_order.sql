-- Does bronze hold what a producer sent in the order it was sent, key by key?

-- A producer numbers everything that it sends, copies too, and an event's key decides its partition.
-- So each key is in order as long as each partition keeps the order of a run's numbers.
CREATE OR REPLACE VIEW arrived AS
SELECT k.run, k.topic, k.topic_id, k.partition, k.number, k.sequence
FROM acknowledgement k
SEMI JOIN record r
  ON r.topic_id = k.topic_id AND r.partition = k.partition AND r.number = k.number;

-- check: what a run sent to a partition is there in the order it was sent
SELECT concat(record_position(topic, topic_id, partition, number), ' of run ', run) AS key,
       concat('after number ', earlier) AS expected, concat('number ', sequence) AS actual,
       earlier IS NULL OR sequence > earlier AS agrees
FROM (
  SELECT *, max(sequence) OVER (PARTITION BY run, topic_id, partition ORDER BY number
                                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS earlier
  FROM arrived
);
