-- A row in the middle is gone.
-- Expected: a missing 4-5; recovers a 5 of 5
DELETE FROM events WHERE session = (SELECT id FROM names WHERE name = 'a') AND n = 4;
