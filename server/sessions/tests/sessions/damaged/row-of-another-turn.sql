-- An end stands under the turn of another question.
-- Expected: a altered 2; recovers a 5 of 6
UPDATE events SET turn = (SELECT turn FROM events WHERE session = (SELECT id FROM names WHERE name = 'a') AND n = 3) WHERE session = (SELECT id FROM names WHERE name = 'a') AND n = 2;
