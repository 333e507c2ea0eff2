-- A sealed head is all zeroes.
-- Expected: a head; recovers a 6 of 6; whole: a conversation was removed, added or put back from outside
UPDATE sessions SET sealed = zeroblob(length(sealed)) WHERE id = (SELECT id FROM names WHERE name = 'a');
