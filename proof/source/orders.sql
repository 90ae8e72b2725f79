-- Which orders does a data file hold? The rows of Online Retail files, grouped by invoice.

-- Filled by the caller: source_row(file, row, fields, invoice, stock, description, quantity, date,
-- price, customer, country), pattern(kind, rank, pattern, value), source_limit(...) and
-- source_slice(run, file, edition, shift_us, first_row, last_row, latest_us); `meaning.sql` and `items.sql`
-- come first.

CREATE OR REPLACE TABLE source_line AS
WITH latest AS (
  -- No event is later than its replay: such a row was refused, or its event is in quarantine.
  SELECT file, min(latest_us) AS latest_us FROM source_slice GROUP BY file
), parsed AS (
  SELECT r.* EXCLUDE (invoice, stock, description, customer, country), width, latest_us, time_us,
         id_of(invoice) AS invoice, id_of(stock) AS stock, said_text(description) AS description,
         id_of(customer) AS customer, said_text(country) AS country,
         parsed_price(without_noise(plain_number(bare(price, '£|GBP'), decimal))) AS price_units,
         parsed_quantity(plain_number(quantity, decimal)) AS pieces
  FROM source_row r LEFT JOIN latest USING (file) JOIN source_file USING (file)
  LEFT JOIN source_date d ON d.file = r.file AND d.words = r.date
)
SELECT * EXCLUDE (quantity, price, date, latest_us, width),
       CASE
         WHEN fields <> width THEN 'wrong_field_count'
         WHEN squeezed(invoice) IN ('invoiceno', 'invoice') OR squeezed(date) = 'invoicedate'
           THEN 'repeated_header'
         WHEN invoice = '' THEN 'missing_invoice'
         WHEN starts_with(invoice, 'A') THEN 'bad_debt_invoice'
         WHEN stock = '' THEN 'missing_product'
         WHEN time_us IS NULL THEN 'bad_date'
         WHEN pieces IS NULL THEN 'bad_quantity'
         WHEN pieces = 0 THEN 'zero_quantity'
         WHEN price_units IS NULL THEN 'bad_price'
         WHEN abs(pieces) > (SELECT max_quantity FROM source_limit)
           OR price_units NOT BETWEEN 0 AND (SELECT max_price FROM source_limit)
           OR time_us < (SELECT earliest_us FROM source_limit)
           OR time_us > latest_us THEN 'out_of_range'
       END AS rejected
FROM parsed;

-- The first pattern that matches wins; a star stands for any characters, the rest for themselves.
CREATE OR REPLACE TABLE category_of AS
SELECT description, coalesce(first(value ORDER BY rank) FILTER (value IS NOT NULL), 'Unspecified') AS category
FROM (SELECT description FROM source_line WHERE rejected IS NULL
      UNION SELECT name FROM item WHERE part = 'line') d
LEFT JOIN pattern p ON p.kind = 'category' AND lower(d.description) LIKE p.pattern ESCAPE '\'
GROUP BY description;

CREATE OR REPLACE TABLE region_of AS
SELECT country, coalesce(first(value ORDER BY rank) FILTER (value IS NOT NULL), 'Unspecified') AS region
FROM (SELECT country FROM source_line WHERE rejected IS NULL UNION SELECT country FROM export_order) d
LEFT JOIN pattern p ON p.kind = 'region' AND lower(d.country) LIKE p.pattern ESCAPE '\'
GROUP BY country;

-- An invoice's rows belong together wherever they stand, in whatever order. Of two customers or two
-- countries the first in the alphabet counts.
CREATE OR REPLACE TABLE source_invoice AS
SELECT *, CASE WHEN starts_with(order_id, 'C') THEN 'cancelled'
               WHEN total_minor <= 0 THEN 'adjustment' ELSE 'placed' END AS kind
FROM (
  SELECT file, invoice AS order_id, min(row) AS position, min(time_us) AS time_us,
         min(customer) FILTER (customer <> '') AS customer_id,
         coalesce(min(country) FILTER (country <> ''), '') AS country,
         CAST(sum(half_away(pieces * price_units)) AS HUGEINT) AS total_minor,
         list({'category': category, 'quantity': CAST(pieces AS INTEGER),
               'price': CAST(price_units AS BIGINT)} ORDER BY row) AS lines
  FROM source_line JOIN category_of USING (description)
  WHERE rejected IS NULL
  GROUP BY file, invoice
);

-- An order beyond what money columns hold is refused with all its rows, where its first row lies.
CREATE OR REPLACE TABLE refused_row AS
SELECT file, row, row AS position, rejected FROM source_line WHERE rejected IS NOT NULL
UNION ALL
SELECT l.file, l.row, i.position, 'out_of_range'
FROM source_line l JOIN source_invoice i ON i.file = l.file AND i.order_id = l.invoice
WHERE l.rejected IS NULL AND abs(i.total_minor) > (SELECT max_total FROM source_limit);

CREATE OR REPLACE TABLE source_position AS
SELECT s.file, s.edition, s.shift_us, i.position, i.order_id, i.kind, min(s.run) AS run
FROM source_invoice i
JOIN source_slice s ON s.file = i.file AND i.position BETWEEN s.first_row AND s.last_row
WHERE abs(i.total_minor) <= (SELECT max_total FROM source_limit)
GROUP BY ALL;
