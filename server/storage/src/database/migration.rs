//! Bringing a schema up to date. Owns the one transaction it happens in, and what a step may say; the steps belong to the
//! callers.

use std::{error, fmt, path::Path, sync::Arc};

use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::{OpenError, backup, connection::Source};

/// What brings one version of a schema to the next.
#[derive(Clone)]
pub enum Migration {
    /// Statements.
    Sql(&'static str),
    /// What statements cannot say. It sees what the migrations before it made; an error of it takes all of them back.
    Step(Arc<Step>),
}

/// What a migration in Rust does in the transaction.
pub type Step = dyn Fn(&Transaction<'_>) -> Result<(), StepError> + Send + Sync;

impl Migration {
    /// A migration in Rust.
    pub fn step(step: impl Fn(&Transaction<'_>) -> Result<(), StepError> + Send + Sync + 'static) -> Self {
        Self::Step(Arc::new(step))
    }
}

impl fmt::Debug for Migration {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sql(statements) => formatter.debug_tuple("Sql").field(statements).finish(),
            Self::Step(_) => formatter.write_str("Step(..)"),
        }
    }
}

/// Why a step cannot be done. Nothing in it is secret: it is shown and logged.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct StepError {
    /// A stable code for protocols and scripts.
    pub code: &'static str,
    /// What failed, one sentence.
    pub message: String,
    /// The next step for a person, one sentence.
    pub hint: String,
    /// What it came from.
    pub source: Option<Box<dyn error::Error + Send + Sync>>,
}

impl StepError {
    /// The statement that failed, where it was one.
    pub(super) fn statement(&self) -> Option<&rusqlite::Error> {
        self.source.as_deref().and_then(|source| source.downcast_ref())
    }
}

impl From<rusqlite::Error> for StepError {
    fn from(source: rusqlite::Error) -> Self {
        let message = source.to_string();
        let (code, hint) = super::error::told(&source);
        Self { code, message, hint: hint.to_owned(), source: Some(Box::new(source)) }
    }
}

impl Source {
    /// Brings the schema up to date in one transaction. The version is read again inside it: another process may be ahead.
    pub(super) fn migrate(&self, path: &Path, connection: &mut Connection) -> Result<(), OpenError> {
        let refused = OpenError::refused(path);
        // Pages that spill out of the cache would lock out whoever reads the state before, such as our own backup.
        connection.pragma_update(None, "cache_spill", false).map_err(&refused)?;
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(&refused)?;
        let version = self.recognize(path, &transaction)?;
        if version < self.migrations.len() {
            self.apply(path, &transaction, version)?;
            // Only now, so that a step that fails each time leaves no copy each time. It is the state before the transaction, which
            // holds the write lock: nobody else makes the same copy or changes what is copied.
            if version > 0 && self.backs_up {
                backup::make(path, version)?;
            }
        }
        transaction.commit().map_err(&refused)?;
        connection.pragma_update(None, "cache_spill", true).map_err(&refused)
    }

    fn apply(&self, path: &Path, transaction: &Transaction<'_>, version: usize) -> Result<(), OpenError> {
        let refused = OpenError::refused(path);
        for (migration, version) in self.migrations[version..].iter().zip(version + 1..) {
            match migration {
                Migration::Sql(statements) => transaction.execute_batch(statements).map_err(&refused)?,
                Migration::Step(step) => {
                    step(transaction).map_err(|source| OpenError::Step { path: path.to_owned(), version, source })?;
                }
            }
        }
        transaction.pragma_update(None, "application_id", super::connection::APPLICATION).map_err(&refused)?;
        transaction.pragma_update(None, "user_version", self.migrations.len() as i64).map_err(&refused)
    }
}
