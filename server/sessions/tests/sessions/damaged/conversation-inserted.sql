-- A conversation of another database was put in.
-- Expected: another altered 0; another altered 1; another altered 2; another head; recovers another 0 of 0; whole: a conversation was removed, added or put back from outside
INSERT INTO sessions SELECT id, (SELECT workspace FROM sessions WHERE id = (SELECT id FROM names WHERE name = 'a')), updated, trashed, owner, seen, sealed FROM foreign_one.sessions;
INSERT INTO events SELECT * FROM foreign_one.events;
