//! The schema of the database of sessions, one entry for each version. An entry that was released is never changed.

/// Statements that bring version `i` to version `i + 1`.
pub(super) const MIGRATIONS: &[&str] = &[VERSION_1, VERSION_2];

/// In clear, as it was before conversations were sealed. Times are microseconds since 1970 in UTC, ids the 16 bytes of a UUID.
const VERSION_1: &str = "
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
";

/// Sealed. What stands in clear tells when, how much and whose turn it is, and is bound to the envelope beside it as far as
/// it says anything about a conversation.
///
/// `store` is one row: which key everything is sealed under, and a sealed sum of all heads with the number of changes.
/// `workspaces` gives each folder a random id; its path is found by a keyed tag. `sessions` has one sealed head for each
/// session, the lease of whoever answers (`owner`, `seen`), and `events` the sealed rows, each with the link to the one before.
/// `openers` are the programs that have the database open, `readers` those that have a session open.
///
/// What version 1 kept in clear waits in `plain_*` until a key is at hand; then it is sealed, and the tables go.
const VERSION_2: &str = "
ALTER TABLE sessions RENAME TO plain_sessions;
ALTER TABLE events RENAME TO plain_events;
DROP INDEX sessions_newest;
DROP INDEX sessions_of_workspace;
DROP INDEX events_that_open;
CREATE TABLE store (
    one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    key BLOB NOT NULL CHECK (length(key) = 16),
    sealed BLOB NOT NULL
) STRICT;
CREATE TABLE workspaces (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    tag BLOB NOT NULL UNIQUE,
    sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE sessions (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    workspace BLOB NOT NULL,
    updated INTEGER NOT NULL,
    trashed INTEGER,
    owner TEXT,
    seen INTEGER,
    sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_newest ON sessions (updated, id) WHERE trashed IS NULL;
CREATE INDEX sessions_of_workspace ON sessions (workspace, updated, id) WHERE trashed IS NULL;
CREATE TABLE events (
    session BLOB NOT NULL,
    n INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    turn BLOB,
    at INTEGER NOT NULL,
    previous BLOB NOT NULL,
    sealed BLOB NOT NULL,
    UNIQUE (session, n)
) STRICT;
CREATE INDEX events_that_open ON events (session, n) WHERE kind IN (1, 2, 7);
CREATE TABLE openers (
    owner TEXT NOT NULL PRIMARY KEY,
    since INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE readers (
    session BLOB NOT NULL,
    owner TEXT NOT NULL,
    PRIMARY KEY (session, owner)
) STRICT, WITHOUT ROWID;
";
