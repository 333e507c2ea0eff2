-- The last row is there once more.
-- Expected: a surplus 9; recovers a 6 of 6
INSERT INTO events SELECT session, n + 1, kind, turn, at, previous, sealed FROM events WHERE session = (SELECT id FROM names WHERE name = 'a') AND n = 8;
