-- Which orders does an export hold? Its lines, by order, with what is taken off and added.

-- `items.sql` and `orders.sql` come first.

-- An amount of several pieces that does not divide: the last piece takes the rest.
CREATE OR REPLACE TABLE export_line AS
WITH goods AS (
  SELECT i.*, category, abs(price) // abs(pieces) AS unit,
         CASE WHEN price < 0 OR pieces < 0 THEN -1 ELSE 1 END AS way
  FROM item i JOIN category_of c ON c.description = i.name
  WHERE part = 'line'
), lines AS (
  SELECT file, number, row, category, pieces, price FROM goods WHERE NOT of_all
  UNION ALL
  SELECT file, number, row, category, way * abs(pieces), unit FROM goods
  WHERE of_all AND abs(price) % abs(pieces) = 0
  UNION ALL
  SELECT file, number, row, category, way * (abs(pieces) - 1), unit FROM goods
  WHERE of_all AND abs(price) % abs(pieces) <> 0
  UNION ALL
  SELECT file, number, row, category, way,
         100 * (half_away(abs(price)) - half_away((abs(pieces) - 1) * unit)) FROM goods
  WHERE of_all AND abs(price) % abs(pieces) <> 0
  UNION ALL
  SELECT file, number, row, 'discount', -1, row_discount FROM goods WHERE row_discount > 0
  UNION ALL
  SELECT file, number, row, 'shipping', 1, row_shipping FROM goods JOIN source_mapping USING (file)
  WHERE row_shipping > 0 AND list_contains(include, 'shipping')
  UNION ALL
  SELECT file, number, row, 'tax', 1, row_tax FROM goods JOIN source_mapping USING (file)
  WHERE row_tax > 0 AND list_contains(include, 'tax')
  UNION ALL
  SELECT file, number, first_line, 'discount', -1, order_discount FROM export_order
  WHERE order_discount > 0 AND first_line IS NOT NULL
  UNION ALL
  SELECT file, number, first_line, 'shipping', 1, shipping FROM export_order
  WHERE shipping > 0 AND list_contains(include, 'shipping') AND first_line IS NOT NULL
  UNION ALL
  SELECT file, number, first_line, 'tax', 1, tax FROM export_order
  WHERE tax > 0 AND list_contains(include, 'tax') AND first_line IS NOT NULL
)
SELECT file, number, sum(half_away(pieces * price)) AS total_minor,
       list({'category': category, 'quantity': CAST(pieces AS INTEGER), 'price': CAST(price AS BIGINT)}
            ORDER BY row) AS lines,
       list({'category': category, 'quantity': CAST(-pieces AS INTEGER), 'price': CAST(price AS BIGINT)}
            ORDER BY row) AS taken_back
FROM lines GROUP BY file, number;

-- Why the lines of an order make none.
CREATE OR REPLACE TABLE export_judged AS
SELECT o.*, coalesce(first_line, first_summary) AS position, total_minor, lines, taken_back,
       cancelled_us IS NOT NULL OR was_cancelled AS is_cancelled,
       CASE WHEN first_line IS NULL THEN 'missing_product'
            WHEN time_us IS NULL THEN 'bad_date'
            WHEN NOT coalesce(regexp_full_match(currency, '[A-Z]{3}'), false) THEN 'bad_currency'
            WHEN abs(total_minor) > (SELECT max_total FROM source_limit) THEN 'out_of_range'
       END AS rejected
FROM export_order o LEFT JOIN export_line USING (file, number)
WHERE NOT is_none AND coalesce(first_line, first_summary) IS NOT NULL;

INSERT INTO refused_row
SELECT i.file, i.row, i.row, i.rejected FROM item i
LEFT JOIN export_order o ON o.file = i.file AND o.number = i.number
WHERE i.rejected IS NOT NULL AND NOT (coalesce(o.is_none, false) AND NOT odd AND NOT again)
UNION ALL
SELECT i.file, i.row, j.position, j.rejected
FROM export_judged j JOIN item i USING (file, number)
WHERE j.rejected IS NOT NULL
  AND i.part = CASE WHEN j.first_line IS NULL THEN 'summary' ELSE 'line' END;

CREATE OR REPLACE TABLE export_event AS
SELECT file, position, number, CASE WHEN total_minor > 0 THEN 'placed' ELSE 'adjustment' END AS kind,
       0 AS place, time_us, customer, country, currency, total_minor, lines
FROM export_judged WHERE rejected IS NULL
UNION ALL
SELECT file, position, number, 'cancelled', 0, coalesce(cancelled_us, time_us), customer, country, currency,
       -total_minor, taken_back
FROM export_judged WHERE rejected IS NULL AND is_cancelled
UNION ALL
-- All of a cancelled order is taken back, so what was paid back is no second loss.
SELECT file, position, number, 'adjustment', CASE WHEN total_minor > 0 THEN 0 ELSE 1 END, time_us, customer,
       country, currency, -half_away(refunded),
       [{'category': 'refund', 'quantity': -1::INTEGER, 'price': CAST(refunded AS BIGINT)}]
FROM export_judged WHERE rejected IS NULL AND NOT is_cancelled AND refunded > 0;

CREATE OR REPLACE TABLE export_position AS
SELECT s.file, s.edition, s.shift_us, x.position, x.number, x.kind, x.place, min(s.run) AS run
FROM export_event x
JOIN source_slice s ON s.file = x.file AND x.position BETWEEN s.first_row AND s.last_row
GROUP BY ALL;
