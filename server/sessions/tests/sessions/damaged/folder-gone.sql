-- The record of a folder is gone.
-- Expected: whole: the record of a folder was altered
DELETE FROM workspaces WHERE id = (SELECT workspace FROM sessions WHERE id = (SELECT id FROM names WHERE name = 'a'));
