-- Whoever answers has a name that is no text.
-- Expected: nothing
UPDATE sessions SET owner = CAST(x'ff00fe' AS TEXT), seen = 0;
INSERT INTO openers VALUES (CAST(x'ff00fe' AS TEXT), 0);
INSERT INTO readers SELECT id, CAST(x'ff00fe' AS TEXT) FROM sessions;
