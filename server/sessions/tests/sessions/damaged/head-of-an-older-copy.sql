-- A head is what it was before the last exchange.
-- Expected: a surplus 6; recovers a 6 of 6; whole: a conversation was removed, added or put back from outside
UPDATE sessions SET (updated, trashed, owner, seen, sealed) = (SELECT updated, trashed, owner, seen, sealed FROM older.sessions WHERE id = (SELECT id FROM names WHERE name = 'a')) WHERE id = (SELECT id FROM names WHERE name = 'a');
