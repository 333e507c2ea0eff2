//! Looking for damage, and folding the log. Owns the check's own connection and its end when the database is closed; the writer
//! and the reader do not wait for it.

use std::sync::{Mutex, PoisonError};

use rusqlite::{Connection, InterruptHandle};
use tokio::sync::oneshot;

use super::{Database, DatabaseError, lane::Seat};
use crate::private;

/// The most messages that are asked for: the first ones tell what is damaged.
const MESSAGES: u32 = 10;

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// SQLite's first messages; none where the database is whole or does not exist.
    pub problems: Vec<String>,
}

impl Checked {
    /// Whether nothing was found.
    pub fn is_whole(&self) -> bool {
        self.problems.is_empty()
    }
}

impl Database {
    /// Looks through the whole file for damage, on a connection and a thread of its own. Closing the database ends it with
    /// [`DatabaseError::Closed`]. Dropping the future does not.
    pub async fn check(&self) -> Result<Checked, DatabaseError> {
        let (answer, answered) = oneshot::channel();
        let (checks, closed) = (self.shared.checks.clone(), self.shared.checks.closed());
        self.shared.checker.submit(Box::new(move |seat| {
            let result = check(seat, &checks, closed);
            seat.leave();
            let _ = answer.send(result);
        }))?;
        answered.await.unwrap_or(Err(DatabaseError::Panicked))
    }

    /// Folds the write-ahead log into the database and empties it, so that nothing of what was overwritten stays in it. Waits for
    /// readers up to five seconds; gives whether all of it is folded. Creates nothing.
    pub async fn fold(&self) -> Result<bool, DatabaseError> {
        if private::identity(self.path()).is_none() {
            return Ok(true);
        }
        let (answer, answered) = oneshot::channel();
        self.shared.writer.submit(Box::new(move |seat| {
            let busy = |connection: &Connection| {
                connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |row| row.get::<_, bool>(0))
            };
            let _ = answer.send(seat.apart(busy).map(|busy| busy != Some(true)));
        }))?;
        answered.await.unwrap_or(Err(DatabaseError::Panicked))
    }
}

fn check(seat: &mut Seat, checks: &Checks, closed: u64) -> Result<Checked, DatabaseError> {
    if checks.closed() != closed {
        return Err(DatabaseError::Closed);
    }
    let found = seat.apart(|connection| checks.run(connection, closed));
    match found {
        Ok(problems) => Ok(Checked { problems: problems.unwrap_or_default() }),
        Err(error) if error.is_closed() => Err(DatabaseError::Closed),
        Err(error) if error.is_damage() => Ok(Checked { problems: vec![error.to_string()] }),
        Err(error) => Err(error),
    }
}

/// How a check that runs is told to end.
#[derive(Debug, Default)]
pub(super) struct Checks {
    // A plain lock, held while the handle is put, taken or used; never while a statement runs.
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// How often the database was closed.
    closed: u64,
    running: Option<InterruptHandle>,
}

impl std::fmt::Debug for State {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "State {{ closed: {}, running: {} }}", self.closed, self.running.is_some())
    }
}

impl Checks {
    /// Ends the check that runs, and those that were asked for before.
    pub(super) fn end(&self) {
        let mut state = self.lock();
        state.closed += 1;
        if let Some(running) = &state.running {
            running.interrupt();
        }
    }

    fn closed(&self) -> u64 {
        self.lock().closed
    }

    pub(super) fn run(&self, connection: &Connection, closed: u64) -> rusqlite::Result<Vec<String>> {
        // An interrupt ends what runs and what begins before all of it has ended; between two statements it is lost. So one runs
        // as long as the handle is there.
        let mut held = connection.prepare("VALUES (1), (2)")?;
        let mut held = held.query(())?;
        held.next()?;
        {
            let mut state = self.lock();
            state.running = Some(connection.get_interrupt_handle());
            if state.closed != closed {
                connection.get_interrupt_handle().interrupt();
            }
        }
        let found = quick_check(connection);
        self.lock().running = None;
        found
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn quick_check(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare(&format!("PRAGMA quick_check({MESSAGES})"))?;
    let found: Vec<String> = statement.query_map((), |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    Ok(found.into_iter().filter(|message| message != "ok").collect())
}
