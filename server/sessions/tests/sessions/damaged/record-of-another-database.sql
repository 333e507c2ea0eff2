-- The record of the whole is that of another database.
-- Expected: whole: the record of the whole database was altered
UPDATE store SET sealed = (SELECT sealed FROM foreign_one.store);
