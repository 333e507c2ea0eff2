-- A question is one that was said in a copy of the database, after the same words.
-- Expected: d altered 6; recovers d 5 of 6
UPDATE events SET (kind, turn, at, previous, sealed) = (SELECT kind, turn, at, previous, sealed FROM other.events WHERE session = (SELECT id FROM names WHERE name = 'd') AND n = 6) WHERE session = (SELECT id FROM names WHERE name = 'd') AND n = 6;
