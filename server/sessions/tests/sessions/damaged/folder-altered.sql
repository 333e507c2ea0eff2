-- The record of a folder does not open.
-- Expected: whole: the record of a folder was altered
UPDATE workspaces SET sealed = zeroblob(length(sealed)) WHERE id = (SELECT workspace FROM sessions WHERE id = (SELECT id FROM names WHERE name = 'a'));
