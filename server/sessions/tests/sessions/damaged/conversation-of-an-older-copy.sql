-- A whole conversation is what it was before the last exchange.
-- Expected: whole: a conversation was removed, added or put back from outside
UPDATE sessions SET (updated, trashed, owner, seen, sealed) = (SELECT updated, trashed, owner, seen, sealed FROM older.sessions WHERE id = (SELECT id FROM names WHERE name = 'a')) WHERE id = (SELECT id FROM names WHERE name = 'a');
DELETE FROM events WHERE session = (SELECT id FROM names WHERE name = 'a');
INSERT INTO events SELECT * FROM older.events WHERE session = (SELECT id FROM names WHERE name = 'a');
