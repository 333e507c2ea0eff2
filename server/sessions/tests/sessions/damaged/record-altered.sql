-- The record of the whole does not open.
-- Expected: whole: the record of the whole database was altered
UPDATE store SET sealed = zeroblob(length(sealed));
