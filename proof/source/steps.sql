-- Which steps of shoppers does a data file hold? The rows of REES46 files, one by one.

-- Filled by the caller: source_step(file, row, fields, time, kind, product, category_id, category,
-- brand, price, shopper, session), source_limit and source_slice; `orders.sql` comes first.

CREATE OR REPLACE MACRO bytes_of(words) AS octet_length(encode(words));

CREATE OR REPLACE TABLE step_parsed AS
SELECT *, row_number() OVER (PARTITION BY file, fields, content ORDER BY row) - 1 AS place
FROM (
  SELECT *, concat_ws(chr(31), time_us, kind, shopper, product, category, brand, price_units, session)
              AS content
  FROM (
    SELECT s.* REPLACE (lower(kind) AS kind, id_of(product) AS product, id_of(shopper) AS shopper,
                        said_text(category) AS category, said_text(brand) AS brand,
                        said_text(session) AS session),
           width, time_us,
           parsed_price(without_noise(plain_number(bare(price, '\$|USD'), decimal))) AS price_units
    FROM source_step s JOIN source_file USING (file)
    LEFT JOIN source_date d ON d.file = s.file AND d.words = s.time
  )
);

-- A row is judged as each run read it, because the run's clock decides what is too late or before 1990.
CREATE OR REPLACE TABLE step_judged AS
SELECT s.run, s.edition, s.shift_us, p.file, p.row, p.kind, p.content, p.place,
       CASE
         WHEN fields <> width THEN 'wrong_field_count'
         WHEN squeezed(time) = 'eventtime' THEN 'repeated_header'
         WHEN time_us IS NULL THEN 'bad_date'
         WHEN kind NOT IN ('view', 'cart', 'remove_from_cart', 'purchase') THEN 'bad_event_type'
         WHEN product = '' THEN 'missing_product'
         WHEN shopper = '' THEN 'missing_user'
         WHEN price_units IS NULL THEN 'bad_price'
         WHEN abs(price_units) > max_price
           OR least(time_us, time_us + shift_us) < earliest_us OR time_us > latest_us
           OR greatest(bytes_of(product), bytes_of(shopper), bytes_of(category), bytes_of(brand),
                       bytes_of(session)) > max_bytes THEN 'out_of_range'
       END AS rejected
FROM step_parsed p
JOIN source_slice s ON s.file = p.file AND p.row BETWEEN s.first_row AND s.last_row
CROSS JOIN source_limit;

CREATE OR REPLACE TABLE step_position AS
SELECT file, edition, shift_us, row AS position, kind, content, place, min(run) AS run
FROM step_judged WHERE rejected IS NULL GROUP BY ALL;
