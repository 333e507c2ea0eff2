-- The record of the whole is an earlier one.
-- Expected: whole: the whole database is an earlier state of itself
UPDATE store SET sealed = (SELECT sealed FROM older.store);
