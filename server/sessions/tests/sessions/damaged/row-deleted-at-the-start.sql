-- The first row is gone.
-- Expected: a missing 0-1; recovers a 5 of 5
DELETE FROM events WHERE session = (SELECT id FROM names WHERE name = 'a') AND n = 0;
