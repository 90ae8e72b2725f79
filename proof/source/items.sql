-- Which rows of an export are lines of an order, and what do the rows of an order tell together?

-- Filled by the caller: source_item(file, row, fields, again, footer, and a text per role),
-- source_mapping(file, currency, of_all, summaries, placeless, cancelled, not_orders, include),
-- currency_sign(sign, code), source_limit and source_slice; `meaning.sql` comes first.

-- Each step is a query of its own: a macro within a macro is written out for each of its uses.
CREATE OR REPLACE TABLE item_number AS
WITH bare AS (
  SELECT file, row, role, bare(words, any_sign()) AS words FROM (
    UNPIVOT source_item ON quantity, unit_price, line_amount, order_discount, refunded, shipping, tax,
                           row_discount, row_shipping, row_tax INTO NAME role VALUE words)
  WHERE said_text(words) <> ''
), plain AS MATERIALIZED (
  SELECT file, row, role, plain_number(words, decimal) AS words FROM bare JOIN source_file USING (file)
), clean AS MATERIALIZED (
  SELECT file, row, role, words, CASE WHEN role <> 'quantity' THEN without_noise(words) END AS amount
  FROM plain
)
SELECT file, row, role, words, parsed_price(amount) AS units FROM clean;

-- What is taken off, paid back or added counts, whatever sign it has.
CREATE OR REPLACE MACRO size_of(units, role, asked) AS coalesce(max(abs(units)) FILTER (role = asked), 0);
CREATE OR REPLACE TABLE item_amount AS
SELECT file, row, parsed_quantity(any_value(words) FILTER (role = 'quantity')) AS pieces,
       max(units) FILTER (role IN ('unit_price', 'line_amount')) AS price,
       coalesce(bool_or(units IS NULL) FILTER (role NOT IN ('quantity', 'unit_price', 'line_amount')), false)
         AS no_amount,
       size_of(units, role, 'order_discount') AS order_discount, size_of(units, role, 'refunded') AS refunded,
       size_of(units, role, 'shipping') AS shipping, size_of(units, role, 'tax') AS tax, size_of(units, role, 'row_discount') AS row_discount,
       size_of(units, role, 'row_shipping') AS row_shipping, size_of(units, role, 'row_tax') AS row_tax
FROM item_number GROUP BY file, row;

CREATE OR REPLACE MACRO sign_of(words) AS coalesce(
  nullif(regexp_extract(words, concat('^[+-]*\s*(', any_sign(), ')'), 1), ''),
  nullif(regexp_extract(words, concat('(', any_sign(), ')$'), 1), ''));

CREATE OR REPLACE TABLE item_read AS
WITH latest AS (
  SELECT file, min(latest_us) AS latest_us FROM source_slice GROUP BY file
)
SELECT i.file, i.row, i.again, i.footer, i.fields <> f.width AS odd, m.summaries, latest_us,
       id_of(number) AS number, said_text(product_name) AS name,
       coalesce(nullif(id_of(product), ''), said_text(product_name)) AS product,
       id_of(customer) AS customer, said_text(i.country) AS country,
       upper(said_text(i.currency)) AS currency, s.code AS sign, lower(said_text(status)) AS status,
       said_text(time) <> '' AND t.time_us IS NULL
         OR said_text(cancelled_at) <> '' AND c.time_us IS NULL AS no_date,
       t.time_us, c.time_us AS cancelled_us,
       m.of_all, pieces, price, coalesce(no_amount, false) AS no_amount,
       coalesce(a.order_discount, 0) AS order_discount, coalesce(a.refunded, 0) AS refunded,
       coalesce(a.shipping, 0) AS shipping, coalesce(a.tax, 0) AS tax,
       coalesce(a.row_discount, 0) AS row_discount, coalesce(a.row_shipping, 0) AS row_shipping,
       coalesce(a.row_tax, 0) AS row_tax
FROM source_item i JOIN source_file f USING (file) JOIN source_mapping m USING (file)
LEFT JOIN latest USING (file) LEFT JOIN item_amount a ON a.file = i.file AND a.row = i.row
LEFT JOIN source_date t ON t.file = i.file AND t.words = i.time
LEFT JOIN source_date c ON c.file = i.file AND c.words = i.cancelled_at
LEFT JOIN currency_sign s ON s.sign = sign_of(concat(unit_price, line_amount));

CREATE OR REPLACE MACRO in_time(moment, latest) AS
  moment IS NULL OR moment >= (SELECT earliest_us FROM source_limit) AND moment <= latest;
CREATE OR REPLACE MACRO within(number) AS number <= (SELECT max_price FROM source_limit);

CREATE OR REPLACE TABLE item AS
SELECT *, CASE WHEN rejected IS NOT NULL THEN 'rejected' WHEN footer AND number = '' THEN 'footer'
               WHEN product = '' THEN 'summary' ELSE 'line' END AS part
FROM (
  SELECT *, CASE
    WHEN footer AND number = '' THEN NULL
    WHEN odd THEN 'wrong_field_count'
    WHEN again THEN 'repeated_header'
    WHEN number = '' THEN 'missing_order'
    WHEN product = '' AND NOT summaries THEN 'missing_product'
    WHEN no_date THEN 'bad_date'
    WHEN product <> '' AND pieces IS NULL THEN 'bad_quantity'
    WHEN product <> '' AND pieces = 0 THEN 'zero_quantity'
    WHEN product <> '' AND price IS NULL OR no_amount THEN 'bad_price'
    WHEN product <> '' AND (abs(pieces) > (SELECT max_quantity FROM source_limit)
                            OR NOT within(abs(price)) OR price < 0 AND NOT of_all)
      OR NOT within(greatest(order_discount, refunded, shipping, tax, row_discount, row_shipping, row_tax))
      OR NOT in_time(time_us, latest_us) OR NOT in_time(cancelled_us, latest_us)
      THEN 'out_of_range'
  END AS rejected
  FROM item_read
);

-- A row that is rejected still tells of its order what can be read.
CREATE OR REPLACE MACRO usable(number) AS CASE WHEN within(number) THEN number ELSE 0 END;
CREATE OR REPLACE TABLE export_order AS
SELECT o.* EXCLUDE (country),
       CASE WHEN o.country IS NOT NULL THEN o.country WHEN placeless THEN no_place()
            ELSE 'Unspecified' END AS country
FROM (
  SELECT i.file, number,
         min(row) FILTER (part = 'line') AS first_line, min(row) FILTER (part = 'summary') AS first_summary,
         min(time_us) FILTER (in_time(time_us, latest_us)) AS time_us,
         min(cancelled_us) FILTER (in_time(cancelled_us, latest_us)) AS cancelled_us,
         min(i.customer) FILTER (i.customer <> '') AS customer,
         min(i.country) FILTER (i.country <> '') AS country,
         coalesce(min(i.currency) FILTER (i.currency <> ''), nullif(any_value(m.currency), ''), min(sign)) AS currency,
         bool_or(list_contains(m.cancelled, status)) AS was_cancelled,
         bool_or(list_contains(m.not_orders, status)) AS is_none,
         max(usable(order_discount)) AS order_discount, max(usable(refunded)) AS refunded,
         max(usable(shipping)) AS shipping, max(usable(tax)) AS tax, any_value(m.include) AS include,
         any_value(m.placeless) AS placeless
  FROM item i JOIN source_mapping m USING (file)
  WHERE NOT odd AND NOT again AND number <> ''
  GROUP BY i.file, number
) o;
