-- A question is there once more, before the first one.
-- Expected: strays 1
INSERT INTO events SELECT session, -1, kind, turn, at, previous, sealed FROM events WHERE session = (SELECT id FROM names WHERE name = 'a') AND n = 0;
