-- A conversation was deleted from outside, and its rows left.
-- Expected: strays 9; whole: a conversation was removed, added or put back from outside
DELETE FROM sessions WHERE id = (SELECT id FROM names WHERE name = 'a');
