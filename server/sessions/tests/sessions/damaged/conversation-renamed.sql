-- A conversation has another identity, head and rows.
-- Expected: another altered 0; another altered 1; another altered 2; another altered 3; another altered 4; another altered 5; another altered 6; another altered 7; another altered 8; another head; recovers another 0 of 0; whole: a conversation was removed, added or put back from outside
UPDATE events SET session = x'0123456789abcdef0123456789abcdef' WHERE session = (SELECT id FROM names WHERE name = 'a');
UPDATE sessions SET id = x'0123456789abcdef0123456789abcdef' WHERE id = (SELECT id FROM names WHERE name = 'a');
