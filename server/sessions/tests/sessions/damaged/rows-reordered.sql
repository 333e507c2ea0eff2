-- Two questions have changed places.
-- Expected: a altered 0; a altered 2; a altered 3; recovers a 4 of 4
UPDATE events SET n = 100 WHERE session = (SELECT id FROM names WHERE name = 'a') AND n = 0;
UPDATE events SET n = 0 WHERE session = (SELECT id FROM names WHERE name = 'a') AND n = 3;
UPDATE events SET n = 3 WHERE session = (SELECT id FROM names WHERE name = 'a') AND n = 100;
