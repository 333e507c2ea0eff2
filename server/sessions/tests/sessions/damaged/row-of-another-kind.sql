-- An answer passes for a question.
-- Expected: a altered 2; recovers a 5 of 6
UPDATE events SET kind = 1 WHERE session = (SELECT id FROM names WHERE name = 'a') AND n = 2;
