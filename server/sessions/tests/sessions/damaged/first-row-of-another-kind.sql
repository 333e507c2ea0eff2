-- The first question does not pass for one.
-- Expected: a altered 0; recovers a 5 of 5
UPDATE events SET kind = 3 WHERE session = (SELECT id FROM names WHERE name = 'a') AND n = 0;
