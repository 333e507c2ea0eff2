-- The last row is one that was written in a copy of the database, after the same words.
-- Expected: d altered 7; d altered 8; recovers d 5 of 6
UPDATE events SET (kind, turn, at, previous, sealed) = (SELECT kind, turn, at, previous, sealed FROM other.events WHERE session = (SELECT id FROM names WHERE name = 'd') AND n = 8) WHERE session = (SELECT id FROM names WHERE name = 'd') AND n = 8;
