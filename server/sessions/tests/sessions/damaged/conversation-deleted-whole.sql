-- A conversation was deleted from outside, with all its rows.
-- Expected: whole: a conversation was removed, added or put back from outside
DELETE FROM sessions WHERE id = (SELECT id FROM names WHERE name = 'a');
DELETE FROM events WHERE session = (SELECT id FROM names WHERE name = 'a');
