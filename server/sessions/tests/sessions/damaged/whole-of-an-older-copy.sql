-- The whole database is what it was before the last exchange.
-- Expected: whole: the whole database is an earlier state of itself
DELETE FROM sessions;
INSERT INTO sessions SELECT * FROM older.sessions;
DELETE FROM events;
INSERT INTO events SELECT * FROM older.events;
DELETE FROM workspaces;
INSERT INTO workspaces SELECT * FROM older.workspaces;
UPDATE store SET (key, sealed) = (SELECT key, sealed FROM older.store);
