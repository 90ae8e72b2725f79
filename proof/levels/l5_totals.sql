-- Do the answers equal what silver's rows give, worked out again by other code?

-- The checks of each question come with its file.

-- check: Valkey holds nothing else
SELECT key, 'a known key' AS expected, key AS actual, false AS agrees FROM hot.unknown;
