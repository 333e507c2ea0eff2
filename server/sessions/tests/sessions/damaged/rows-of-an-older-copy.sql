-- The last exchange is one that was written in a copy of the database, after the same words.
-- Expected: d altered 8; recovers d 4 of 6
DELETE FROM events WHERE session = (SELECT id FROM names WHERE name = 'd') AND n >= 6;
INSERT INTO events SELECT * FROM other.events WHERE session = (SELECT id FROM names WHERE name = 'd') AND n >= 6;
