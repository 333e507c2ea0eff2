-- Two conversations have changed heads.
-- Expected: a head; b head; recovers a 6 of 6; recovers b 6 of 6; whole: a conversation was removed, added or put back from outside
CREATE TEMP TABLE kept AS SELECT id, sealed FROM sessions;
UPDATE sessions SET sealed = (SELECT sealed FROM kept WHERE kept.id = (SELECT id FROM names WHERE name = 'b')) WHERE id = (SELECT id FROM names WHERE name = 'a');
UPDATE sessions SET sealed = (SELECT sealed FROM kept WHERE kept.id = (SELECT id FROM names WHERE name = 'a')) WHERE id = (SELECT id FROM names WHERE name = 'b');
