-- The record of the whole is gone.
-- Expected: whole: the whole database is an earlier state of itself
DELETE FROM store;
