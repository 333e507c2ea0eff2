-- A folder is not found by its path.
-- Expected: whole: the record of a folder was altered
UPDATE workspaces SET tag = x'00112233445566778899aabbccddeeff' WHERE id = (SELECT workspace FROM sessions WHERE id = (SELECT id FROM names WHERE name = 'a'));
