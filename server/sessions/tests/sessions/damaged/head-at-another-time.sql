-- A conversation seems to be the newest.
-- Expected: a head; recovers a 6 of 6; whole: a conversation was removed, added or put back from outside
UPDATE sessions SET updated = updated + 1000000000 WHERE id = (SELECT id FROM names WHERE name = 'a');
