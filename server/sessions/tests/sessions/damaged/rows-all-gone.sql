-- All rows of a conversation are gone.
-- Expected: a missing 0-9; recovers a 0 of 0
DELETE FROM events WHERE session = (SELECT id FROM names WHERE name = 'a');
