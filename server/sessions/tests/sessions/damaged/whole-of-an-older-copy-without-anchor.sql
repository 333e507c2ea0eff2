-- The same, and nothing says how new it has to be.
-- Expected: whole: nothing outside of the database says how new it has to be: an older copy would not be noticed
-- remove the anchor
DELETE FROM sessions;
INSERT INTO sessions SELECT * FROM older.sessions;
DELETE FROM events;
INSERT INTO events SELECT * FROM older.events;
DELETE FROM workspaces;
INSERT INTO workspaces SELECT * FROM older.workspaces;
UPDATE store SET (key, sealed) = (SELECT key, sealed FROM older.store);
