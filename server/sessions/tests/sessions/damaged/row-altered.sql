-- A sealed row is all zeroes.
-- Expected: a altered 2; recovers a 5 of 6
UPDATE events SET sealed = zeroblob(length(sealed)) WHERE session = (SELECT id FROM names WHERE name = 'a') AND n = 2;
