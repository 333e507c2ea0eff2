-- The last exchange is gone.
-- Expected: a missing 6-9; recovers a 4 of 4
DELETE FROM events WHERE session = (SELECT id FROM names WHERE name = 'a') AND n >= 6;
