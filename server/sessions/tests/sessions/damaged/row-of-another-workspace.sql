-- A row of another folder's conversation stands in one.
-- Expected: a altered 4; a altered 5; recovers a 5 of 6
UPDATE events SET (kind, turn, at, previous, sealed) = (SELECT kind, turn, at, previous, sealed FROM events WHERE session = (SELECT id FROM names WHERE name = 'c') AND n = 5) WHERE session = (SELECT id FROM names WHERE name = 'a') AND n = 5;
