-- A database as programs wrote it before conversations were sealed, with one conversation of one exchange.
PRAGMA application_id = 0x41736964;
PRAGMA user_version = 1;
CREATE TABLE sessions (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    workspace TEXT NOT NULL,
    title TEXT NOT NULL,
    model TEXT,
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    messages INTEGER NOT NULL DEFAULT 0,
    bytes INTEGER NOT NULL DEFAULT 0,
    next INTEGER NOT NULL DEFAULT 0,
    cut INTEGER NOT NULL DEFAULT 0,
    turn BLOB,
    owner TEXT,
    seen INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_newest ON sessions (updated, id);
CREATE INDEX sessions_of_workspace ON sessions (workspace, updated, id);
CREATE TABLE events (
    session BLOB NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    n INTEGER NOT NULL,
    turn BLOB,
    kind TEXT NOT NULL,
    at INTEGER NOT NULL,
    payload BLOB NOT NULL,
    UNIQUE (session, n)
) STRICT;
CREATE INDEX events_that_open ON events (session, n) WHERE kind IN ('user', 'answer');
INSERT INTO sessions VALUES (x'019000000000700080000000000000aa', '', 'In clear', 'a/b', 1700000000000000, 1700000001000000, 2, 0, 3, 0, NULL, NULL, NULL);
INSERT INTO events VALUES
    (x'019000000000700080000000000000aa', 0, x'019000000000700080000000000000bb', 'user', 1700000000000000, CAST('{"text":"asked in clear","attachments":[]}' AS BLOB)),
    (x'019000000000700080000000000000aa', 1, x'019000000000700080000000000000bb', 'answer', 1700000000000000, CAST('{"model":"a/b"}' AS BLOB)),
    (x'019000000000700080000000000000aa', 2, x'019000000000700080000000000000bb', 'end', 1700000001000000, CAST('{"text":"answered in clear","reason":"complete","error":null,"usage":null}' AS BLOB));
