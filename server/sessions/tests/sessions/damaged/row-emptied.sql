-- A sealed row is empty.
-- Expected: a altered 0; recovers a 5 of 5
UPDATE events SET sealed = x'' WHERE session = (SELECT id FROM names WHERE name = 'a') AND n = 0;
