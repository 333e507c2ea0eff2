-- A row says another time.
-- Expected: a altered 3; recovers a 5 of 5
UPDATE events SET at = at + 1 WHERE session = (SELECT id FROM names WHERE name = 'a') AND n = 3;
