-- A conversation was put into the trash from outside.
-- Expected: a head; recovers a 6 of 6; whole: a conversation was removed, added or put back from outside
UPDATE sessions SET trashed = updated WHERE id = (SELECT id FROM names WHERE name = 'a');
