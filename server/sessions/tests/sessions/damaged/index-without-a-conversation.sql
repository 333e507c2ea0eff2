-- The index that a list would be read by leaves a conversation out.
-- Expected: nothing
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql, 'WHERE trashed IS NULL', 'WHERE trashed IS NULL AND 0') WHERE type = 'index' AND tbl_name = 'sessions';
PRAGMA writable_schema = RESET;
REINDEX sessions;
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql, ' AND 0', '') WHERE type = 'index' AND tbl_name = 'sessions';
PRAGMA writable_schema = RESET;
