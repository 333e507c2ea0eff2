//! The schema of the database of sessions, one entry for each version. An entry that was released is never changed.

/// Statements that bring version `i` to version `i + 1`.
pub(super) const MIGRATIONS: &[&str] = &[VERSION_1];

/// Times are microseconds since 1970 in UTC, ids are the 16 bytes of a UUID.
///
/// `sessions` holds one head for each session: what a list shows, the number of the next row, whether the last answer was cut
/// off (`cut`), and while a turn runs, its id, its owner and the owner's last sign of life.
///
/// `events` holds the rows. The second index finds the rows that open a message, so that a page is found without reading the
/// parts of long answers.
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
