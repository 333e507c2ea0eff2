-- Two folders are found by each other's path.
-- Expected: whole: the record of a folder was altered
CREATE TEMP TABLE kept AS SELECT id, tag FROM workspaces;
UPDATE workspaces SET tag = id;
UPDATE workspaces SET tag = (SELECT tag FROM kept WHERE kept.id <> workspaces.id);
