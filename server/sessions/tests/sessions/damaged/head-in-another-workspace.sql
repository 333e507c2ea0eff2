-- A conversation stands in another folder.
-- Expected: a head; recovers a 6 of 6; whole: a conversation was removed, added or put back from outside
UPDATE sessions SET workspace = (SELECT workspace FROM sessions WHERE id = (SELECT id FROM names WHERE name = 'c')) WHERE id = (SELECT id FROM names WHERE name = 'a');
