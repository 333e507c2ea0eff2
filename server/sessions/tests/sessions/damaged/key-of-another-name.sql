-- The database names a key that nobody has.
-- Expected: refused session-key-missing
UPDATE store SET key = x'00112233445566778899aabbccddeeff';
