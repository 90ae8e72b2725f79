-- Does bronze hold every offset exactly once, and has each application applied them all?

-- What ingest has passed: records, and ranges that gave none.
CREATE OR REPLACE VIEW passed AS
SELECT topic, topic_id, partition, number AS first, number + 1 AS until, true AS held FROM record
UNION ALL
SELECT topic, topic_id, partition, first, until, false FROM skipped_range
WHERE application = 'ingest';

CREATE OR REPLACE TABLE bronze_partition AS
SELECT any_value(topic) AS topic, topic_id, partition, count(*) FILTER (held) AS rows_held,
       count(DISTINCT first) FILTER (held) AS offsets_held,
       coalesce(sum(until - first) FILTER (NOT held), 0) AS offsets_skipped,
       min(first) AS first, max(until) - 1 AS last
FROM passed GROUP BY topic_id, partition;

CREATE OR REPLACE VIEW partition_pair AS
SELECT coalesce(b.topic, p.topic) AS topic, coalesce(b.topic_id, p.topic_id) AS topic_id,
       coalesce(b.partition, p.partition) AS partition, b.rows_held, b.first, b.last, p.low, p.high
FROM bronze_partition b
FULL JOIN (FROM broker.partitions WHERE topic <> 'ecommerce-alerts') p
  ON p.topic_id = b.topic_id AND p.partition = b.partition;

CREATE OR REPLACE MACRO named(topic, topic_id, part) AS
  concat(topic, '/', part, ' (topic id ', topic_id, ')');

-- check: every data file that the lake names is there
SELECT concat(table_name, ' ', path) AS key, 'a file' AS expected, path AS actual,
       path IS NULL AS agrees
FROM (
  SELECT table_name, NULL AS path FROM lake_files, range(files)
  UNION ALL
  SELECT table_name, path FROM lake_missing_files
);

-- check: no offset is held twice
SELECT record_position(any_value(topic), topic_id, partition, number) AS key, '1' AS expected,
       count(*)::VARCHAR AS actual, count(*) = 1 AS agrees
FROM record GROUP BY topic_id, partition, number;

-- note: gaps
SELECT concat('gap: ', application, ' never read ', topic, '/', partition, ' [', first, ', ', until,
              '), accepted by ', accepted_by, ' at ', utc(epoch_us(noted_at)))
FROM skipped_range WHERE reason = 'gap' ORDER BY topic, partition, first, application;

-- check: offsets = bronze + skipped, from the first to the last
SELECT named(topic, topic_id, partition) AS key,
       concat(last - first + 1, ' offsets from ', first, ' to ', last) AS expected,
       concat(offsets_held, ' records', nullif(concat(' + ', offsets_skipped, ' skipped'), ' + 0 skipped'),
              '; first gap after ', (
         SELECT min(until) - 1 FROM (
           SELECT until, lead(first) OVER (ORDER BY first) AS next FROM passed p
           WHERE p.topic_id = b.topic_id AND p.partition = b.partition)
         WHERE next > until)) AS actual,
       offsets_held + offsets_skipped = last - first + 1 AS agrees
FROM bronze_partition b;

-- check: bronze holds no record at an offset that an application skipped
-- What another application than ingest lost in a gap, ingest may have read in time.
SELECT concat(s.application, ': ', record_position(s.topic, s.topic_id, s.partition, s.first)) AS key,
       concat('no record before ', s.until) AS expected, concat('a record at ', r.number) AS actual,
       coalesce(r.number < s.first, true) AS agrees
FROM (
  FROM skipped_range WHERE reason = 'transaction' OR application = 'ingest'
) s
-- The last record before the end of the range.
ASOF LEFT JOIN record r
  ON r.topic_id = s.topic_id AND r.partition = s.partition AND s.until > r.number;

-- check: where offsets were skipped, Kafka gives no record either
-- A mark that ends a transaction is given to nobody, and a record of an aborted one to a reader who
-- asks for all. In a compacted topic a record that is gone would look the same.
SELECT record_position(topic, topic_id, partition, first) AS key,
       concat('no record among ', until - first, ' offsets') AS expected,
       concat(committed, ' committed', CASE WHEN compacted THEN ', and the topic is compacted' END) AS actual,
       committed = 0 AND uncommitted <= until - first AND NOT compacted AS agrees
FROM broker.skipped;

-- check: bronze begins where the broker does, or before
SELECT named(topic, topic_id, partition) AS key, concat('at most ', low) AS expected,
       coalesce(first::VARCHAR, 'no rows') AS actual, coalesce(first <= low, false) AS agrees
FROM partition_pair WHERE low < high;

-- check: bronze ends where the broker does
SELECT named(topic, topic_id, partition) AS key, concat('next offset ', high) AS expected,
       coalesce('next offset ' || (last + 1), 'no rows') AS actual,
       coalesce(last + 1 = high, false) AS agrees
FROM partition_pair WHERE high IS NOT NULL AND (low < high OR last IS NOT NULL);

-- check: each record names the cluster of its topic
SELECT concat(topic, ' (topic id ', topic_id, '), ', records, ' records') AS key,
       coalesce(live.cluster_id, first) AS expected, r.cluster_id AS actual,
       r.cluster_id = coalesce(live.cluster_id, first) AS agrees
FROM (
  SELECT any_value(topic) AS topic, topic_id, cluster_id, count(*) AS records,
         min(cluster_id) OVER (PARTITION BY topic_id) AS first
  FROM record GROUP BY topic_id, cluster_id
) r
LEFT JOIN (SELECT DISTINCT topic_id, (SELECT max(cluster_id) FROM broker.cluster) AS cluster_id
           FROM broker.partitions) live USING (topic_id);

-- check: ingest's recorded progress is where bronze ends
SELECT named(b.topic, b.topic_id, b.partition) AS key, concat('until ', b.last + 1) AS expected,
       coalesce('until ' || g.until, 'no progress row') AS actual, g.until = b.last + 1 AS agrees
FROM bronze_partition b
LEFT JOIN answers.progress g
  ON g.application = 'ingest' AND g.topic_id = b.topic_id AND g.partition = b.partition;

-- check: each application has applied its topics to their ends
WITH wanted AS (
  SELECT r.application, p.topic, p.topic_id, p.partition, p.high
  FROM reads r JOIN broker.partitions p USING (topic)
), held AS (
  SELECT application, topic, topic_id, partition, until FROM answers.progress
  WHERE topic_id IN (SELECT topic_id FROM broker.partitions)
), furthest AS (
  SELECT topic_id, max(partition) AS last FROM held GROUP BY topic_id
)
SELECT concat(application, ': ', named(coalesce(w.topic, h.topic), topic_id, partition)) AS key,
       coalesce(w.topic || ' until ' || w.high, 'a partition that it reads') AS expected,
       coalesce(h.topic || ' until ' || h.until, 'no progress row') AS actual,
       CASE
         -- A partition that was added has no row before its first record. Any other one has.
         WHEN h.until IS NULL THEN w.high = 0 AND partition > coalesce(f.last, -1)
         ELSE coalesce(h.until = w.high AND h.topic = w.topic, false)
       END AS agrees
FROM wanted w
FULL JOIN held h USING (application, topic_id, partition)
LEFT JOIN furthest f USING (topic_id);
