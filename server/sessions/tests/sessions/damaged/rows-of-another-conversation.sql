-- A conversation has all rows of another one.
-- Expected: a altered 0; a altered 1; a altered 2; a altered 3; a altered 4; a altered 5; a altered 6; a altered 7; a altered 8; recovers a 0 of 0
DELETE FROM events WHERE session = (SELECT id FROM names WHERE name = 'a');
INSERT INTO events SELECT (SELECT id FROM names WHERE name = 'a'), n, kind, turn, at, previous, sealed FROM events WHERE session = (SELECT id FROM names WHERE name = 'b');
