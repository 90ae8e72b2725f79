-- How are the texts of a data file read? By what all of its rows show, or by what a person said.

-- Filled by the caller: source_said(file, width, decimal, dates, zone), source_row, source_step and
-- source_item; any_sign() matches the signs of all currencies.

CREATE OR REPLACE MACRO squeezed(words) AS regexp_replace(lower(words), '[^a-z0-9]', '', 'g');

-- An id that a tool took for a number: 17850.0, or 1.785E+04. If digits are lost, it stays as it is.
CREATE OR REPLACE MACRO all_digits(words) AS replace(regexp_extract(words, '^[^eE]*'), '.', '');
CREATE OR REPLACE MACRO exponent(words) AS regexp_extract(words, '(\d+)$', 1)::INTEGER;
CREATE OR REPLACE MACRO id_named(words) AS CASE
  WHEN regexp_full_match(words, '\d+\.0+') THEN regexp_extract(words, '\d+')
  WHEN NOT regexp_full_match(words, '\d(\.\d+)?[eE]\+?\d{1,3}') THEN words
  WHEN length(regexp_replace(all_digits(words)[2:], '0+$', '')) <> exponent(words)
    AND NOT (length(regexp_replace(all_digits(words)[2:], '0+$', '')) < exponent(words)
             AND exponent(words) <= length(all_digits(words)) - 1) THEN words
  ELSE rpad(all_digits(words), exponent(words) + 1, '0')
END;
CREATE OR REPLACE MACRO id_of(words) AS id_named(said_text(words));

-- A number without the sign of its currency.
CREATE OR REPLACE MACRO bare(words, signs) AS trim(
  regexp_replace(regexp_replace(words, concat('^(-?)(', signs, ')\s*'), '\1'),
                 concat('\s*(', signs, ')$'), ''));

-- Which signs may stand before decimals? A group of three digits behind one sign shows nothing.
CREATE OR REPLACE MACRO shows_dot(words) AS
  regexp_full_match(words, '[+-]?(\d+|[1-9]\d{0,2}([, ’''\x{a0}\x{202f}]\d{3})+)(\.\d*)?')
  AND NOT regexp_full_match(words, '[+-]?(\d+|[1-9]\d{0,2}([. ’''\x{a0}\x{202f}]\d{3})+)(,\d*)?')
  AND NOT regexp_full_match(words, '[+-]?[1-9]\d{0,2}[.,]\d{3}');
CREATE OR REPLACE MACRO shows_comma(words) AS
  regexp_full_match(words, '[+-]?(\d+|[1-9]\d{0,2}([. ’''\x{a0}\x{202f}]\d{3})+)(,\d*)?')
  AND NOT regexp_full_match(words, '[+-]?(\d+|[1-9]\d{0,2}([, ’''\x{a0}\x{202f}]\d{3})+)(\.\d*)?')
  AND NOT regexp_full_match(words, '[+-]?[1-9]\d{0,2}[.,]\d{3}');

CREATE OR REPLACE TABLE source_text AS
SELECT file, date, bare(price, '£|GBP') AS number FROM source_row
UNION ALL SELECT file, NULL, quantity FROM source_row
UNION ALL SELECT file, time, bare(price, '\$|USD') FROM source_step
UNION ALL SELECT file, NULL, bare(words, any_sign()) FROM (
  UNPIVOT source_item ON quantity, unit_price, line_amount, order_discount, refunded, shipping, tax,
                         row_discount, row_shipping, row_tax INTO NAME role VALUE words)
UNION ALL SELECT file, time, NULL FROM source_item
UNION ALL SELECT file, cancelled_at, NULL FROM source_item;

CREATE OR REPLACE TABLE source_file AS
SELECT s.file, any_value(s.width) AS width, any_value(s.zone) AS zone,
       coalesce(any_value(nullif(s.decimal, 'None')),
                CASE WHEN bool_or(shows_comma(t.number)) THEN ',' ELSE '.' END) AS decimal,
       coalesce(any_value(nullif(s.dates, 'None')),
                CASE WHEN bool_or(regexp_matches(t.date, '^(1[3-9]|2\d|3[01])[-/.]\d{1,2}[-/.]\d|^\d{1,2}\.\d{1,2}\.'))
                     THEN 'day-first' ELSE 'month-first' END) AS dates
FROM source_said s LEFT JOIN source_text t USING (file)
GROUP BY s.file;

-- The plain form of a number, NULL if it is none.
CREATE OR REPLACE MACRO plain_number(words, decimal) AS CASE
  WHEN decimal = ',' AND regexp_full_match(words, '[+-]?(\d+|[1-9]\d{0,2}([. ’''\x{a0}\x{202f}]\d{3})+)(,\d*)?')
    THEN replace(regexp_replace(words, '[. ’''\x{a0}\x{202f}]', '', 'g'), ',', '.')
  WHEN decimal = '.' AND regexp_full_match(words, '[+-]?(\d+|[1-9]\d{0,2}([, ’''\x{a0}\x{202f}]\d{3})+)(\.\d*)?')
    THEN regexp_replace(words, '[, ’''\x{a0}\x{202f}]', '', 'g')
END;

-- A plain number with more than four decimals is that of a float, if a number with fewer decimals
-- differs in the last places of a float of 64 bits alone, or if it is a float of 32 bits that stands
-- for one number of cents.
CREATE OR REPLACE MACRO alike(one, other) AS abs(one - other) <= 1e-15 * greatest(abs(one), abs(other));
CREATE OR REPLACE MACRO same_double(words, number) AS
  alike(words::DOUBLE, number::VARCHAR::DOUBLE);
CREATE OR REPLACE MACRO same_single(words, number) AS
  abs(words::DOUBLE) < 131072
  AND (length(ltrim(regexp_replace(words, '\D', '', 'g'), '0')) <= 10
       OR alike(words::DOUBLE, words::DOUBLE::FLOAT::DOUBLE))
  AND words::DOUBLE::FLOAT = number::VARCHAR::DOUBLE::FLOAT;
CREATE OR REPLACE MACRO near(words, v) AS CASE
  WHEN same_double(words, round(v, 0)) THEN round(v, 0)::VARCHAR
  WHEN same_double(words, round(v, 1)) THEN round(v, 1)::VARCHAR
  WHEN same_double(words, round(v, 2)) THEN round(v, 2)::VARCHAR
  WHEN same_double(words, round(v, 3)) THEN round(v, 3)::VARCHAR
  WHEN same_double(words, round(v, 4)) THEN round(v, 4)::VARCHAR
  WHEN same_single(words, round(v, 2)) THEN round(v, 2)::VARCHAR
  WHEN same_single(words, round(v, 3)) THEN round(v, 3)::VARCHAR
  WHEN same_single(words, round(v, 4)) THEN round(v, 4)::VARCHAR
  ELSE words END;
CREATE OR REPLACE MACRO without_noise(words) AS CASE
  WHEN regexp_full_match(words, '[+-]?\d{1,18}\.\d{4}\d*[1-9]\d*')
    THEN near(words, words::DECIMAL(38,18))
  ELSE words END;

-- A price has at most four decimals that are not zero; its whole part is judged by the range.
CREATE OR REPLACE MACRO parsed_price(words) AS CASE
  WHEN regexp_full_match(words, '[+-]?\d{1,20}(\.\d{0,4}0*)?')
    THEN TRY_CAST(TRY_CAST(regexp_extract(words, '([+-]?\d+(\.\d{0,4})?)', 1) AS DECIMAL(30,4)) * 10000 AS HUGEINT)
END;

-- Whole numbers, also as spreadsheets write them (6.0); one too long to hold is out of range.
CREATE OR REPLACE MACRO parsed_quantity(words) AS CASE
  WHEN regexp_full_match(words, '[+-]?\d+(\.0+)?')
    THEN coalesce(TRY_CAST(regexp_extract(words, '[+-]?\d+') AS HUGEINT), 1000000000000) END;

-- A date in any form, with what the file's dates show of their order.
CREATE OR REPLACE MACRO year_of(words) AS CASE length(words)
  WHEN 4 THEN nullif(words::INTEGER, 0)
  WHEN 2 THEN words::INTEGER + CASE WHEN words >= '90' THEN 1900 ELSE 2000 END
END;
CREATE OR REPLACE MACRO day_text(words) AS regexp_extract(words, '^([0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}|\d{1,2}[ -][A-Za-z]{3,9}[ ,-]+(\d{4}|\d\d)|[A-Za-z]{3,9} \d{1,2},? \d{4})', 1);
CREATE OR REPLACE MACRO month_named(words) AS
  list_position(['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'],
                lower(regexp_extract(words, '[A-Za-z]{3}')));
CREATE OR REPLACE MACRO part_of(words, number) AS
  regexp_extract(words, '^(\d+)([-/.])(\d+)([-/.])(\d+)$', number);
CREATE OR REPLACE MACRO day_of(words, dates) AS CASE
  WHEN regexp_matches(words, '[A-Za-z]') THEN TRY(make_date(
    year_of(regexp_extract(words, '(\d{4}|\d\d)$', 1)), month_named(words),
    regexp_extract(regexp_replace(words, '(\d{4}|\d\d)$', ''), '\d{1,2}')::INTEGER))
  WHEN part_of(words, 2) <> part_of(words, 4) THEN NULL
  WHEN length(part_of(words, 1)) = 4 THEN TRY(make_date(
    year_of(part_of(words, 1)), part_of(words, 3)::INTEGER, part_of(words, 5)::INTEGER))
  WHEN dates = 'day-first' THEN TRY(make_date(
    year_of(part_of(words, 5)), part_of(words, 3)::INTEGER, part_of(words, 1)::INTEGER))
  ELSE TRY(make_date(
    year_of(part_of(words, 5)), part_of(words, 1)::INTEGER, part_of(words, 3)::INTEGER))
END;
CREATE OR REPLACE MACRO clock_text(words) AS
  regexp_extract(words, '^(T|,? +)(\d{1,2}:\d\d(:\d\d(\.\d{1,9})?)?)', 2);
CREATE OR REPLACE MACRO half_of(words) AS
  lower(regexp_extract(words, '\d ?([AaPp])\.?[Mm]\.?', 1));
CREATE OR REPLACE MACRO offset_text(words) AS
  regexp_extract(words, '(UTC|GMT|Z|[+-]\d\d(:?\d\d)?)$', 1);
CREATE OR REPLACE MACRO hour_of(clock, half) AS CASE
  WHEN half = '' THEN split_part(clock, ':', 1)::INTEGER
  WHEN split_part(clock, ':', 1)::INTEGER BETWEEN 1 AND 12
    THEN split_part(clock, ':', 1)::INTEGER % 12 + CASE half WHEN 'p' THEN 12 ELSE 0 END
END;
CREATE OR REPLACE MACRO second_of(clock) AS
  CASE WHEN split_part(clock, ':', 3) = '' THEN 0
       WHEN split_part(clock, ':', 3) < '60' THEN regexp_extract(split_part(clock, ':', 3), '\d+\.?\d{0,6}')::DOUBLE END;
CREATE OR REPLACE MACRO clock_of(clock, half) AS CASE WHEN clock = '' THEN TIME '00:00:00'
  ELSE TRY(make_time(hour_of(clock, half)::BIGINT, split_part(clock, ':', 2)::BIGINT, second_of(clock)))
END;
CREATE OR REPLACE MACRO offset_us(words) AS CASE WHEN words IN ('', 'UTC', 'GMT', 'Z') THEN 0
  ELSE (CASE words[1] WHEN '-' THEN -1 ELSE 1 END) * 60000000::BIGINT
       * (words[2:3]::INTEGER * 60 + CASE WHEN length(words) > 3 THEN right(words, 2)::INTEGER ELSE 0 END)
END;

-- The wall time of a text and its offset, NULL where it is no date. No clock tells anything else.
CREATE OR REPLACE MACRO is_date(words) AS regexp_full_match(words,
  '([0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}|\d{1,2}[ -][A-Za-z]{3,9}[ ,-]+(\d{4}|\d\d)|[A-Za-z]{3,9} \d{1,2},? \d{4})((T|,? +)\d{1,2}:\d\d(:\d\d(\.\d{1,9})?)?( ?[AaPp]\.?[Mm]\.?)?)? ?(UTC|GMT|Z|[+-]\d\d(:?\d\d)?)?');
CREATE OR REPLACE TABLE source_date AS
WITH text AS (
  SELECT DISTINCT file, date AS words FROM source_text WHERE is_date(date)
), cut AS (
  SELECT *, day_text(words) AS day, words[length(day_text(words)) + 1:] AS rest FROM text
), wall AS (
  SELECT c.file, words, zone, offset_text(rest) AS shift,
         day_of(day, dates) + clock_of(clock_text(rest), half_of(rest)) AS told
  FROM cut c JOIN source_file USING (file)
), placed AS (
  -- Wall times of a zone: the moments that its clocks call so. The earliest of two is meant.
  SELECT *, list_filter([timezone(zone, told) - INTERVAL 2 HOUR, timezone(zone, told) - INTERVAL 1 HOUR,
                         timezone(zone, told) - INTERVAL 30 MINUTE, timezone(zone, told),
                         timezone(zone, told) + INTERVAL 30 MINUTE, timezone(zone, told) + INTERVAL 1 HOUR],
                        lambda moment: timezone(zone, moment) = told) AS moments
  FROM wall
)
SELECT file, words, shift = '' AND len(moments) > 1 AS doubled, shift = '' AND len(moments) = 0 AS skipped,
       CASE WHEN shift <> '' THEN epoch_us(told) - offset_us(shift)
            ELSE epoch_us(list_min(moments)) END AS time_us
FROM placed WHERE told IS NOT NULL;
