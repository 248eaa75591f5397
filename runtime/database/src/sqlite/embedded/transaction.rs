//! Transactions, as READ COMMITTED on one writer.
//!
//! BEGIN TRAN only counts. Until the first write every statement reads a snapshot of its own;
//! the first write takes SQLite's write lock and keeps it until the transaction ends. A
//! statement is a savepoint, so that its error takes back the statement and no more.

use std::time::{Duration, Instant};

use launchpod_types::SqlError;
use rusqlite::Connection;

use super::connection::BUSY;
use super::failure;
use super::thread::Stop;
use crate::TransactionState;
use crate::sqlite::errors;
use crate::sqlite::translate::quoted;

/// The transaction of one session.
#[derive(Debug, Default)]
pub(crate) struct Transaction {
    depth: u32,
    /// The name of the outermost BEGIN TRAN.
    name: Option<String>,
    /// Names of savepoints, and whether SQLite has them: one made before the first write is the
    /// transaction's beginning.
    savepoints: Vec<(String, bool)>,
}

// === impl Transaction ===

impl Transaction {
    pub(crate) fn state(&self) -> TransactionState {
        TransactionState { depth: self.depth }
    }

    pub(crate) fn begin(&mut self, name: Option<String>) {
        if self.depth == 0 {
            self.name = name;
        }
        self.depth = self.depth.saturating_add(1);
    }

    pub(crate) fn commit(&mut self, connection: &Connection) -> Result<(), SqlError> {
        match self.depth {
            0 => return Err(errors::commit_without_begin()),
            1 => {
                if !connection.is_autocommit() {
                    execute(connection, "COMMIT")?;
                }
                *self = Transaction::default();
            }
            _ => self.depth -= 1,
        }
        Ok(())
    }

    pub(crate) fn rollback(
        &mut self,
        connection: &Connection,
        name: Option<&str>,
    ) -> Result<(), SqlError> {
        if self.depth == 0 {
            return Err(errors::rollback_without_begin());
        }
        let Some(name) = name.filter(|name| self.name.as_deref() != Some(name)) else {
            if !connection.is_autocommit() {
                execute(connection, "ROLLBACK")?;
            }
            *self = Transaction::default();
            return Ok(());
        };
        let index = self
            .savepoints
            .iter()
            .rposition(|(known, _)| known == name)
            .ok_or_else(|| errors::no_such_savepoint(name))?;
        if self.savepoints[index].1 {
            execute(connection, &format!("ROLLBACK TO {}", quoted(&format!("save {name}"))))?;
            self.savepoints.truncate(index + 1);
        } else {
            if !connection.is_autocommit() {
                execute(connection, "ROLLBACK")?;
            }
            self.savepoints.truncate(index + 1);
        }
        Ok(())
    }

    pub(crate) fn save(&mut self, connection: &Connection, name: &str) -> Result<(), SqlError> {
        if self.depth == 0 {
            return Err(errors::save_without_begin());
        }
        let writing = !connection.is_autocommit();
        if writing {
            execute(connection, &format!("SAVEPOINT {}", quoted(&format!("save {name}"))))?;
        }
        self.savepoints.push((name.to_owned(), writing));
        Ok(())
    }

    /// Whether SQLite has ended the transaction by itself, as it does when the disk is full.
    pub(crate) fn lost(&mut self, connection: &Connection, was_writing: bool) -> bool {
        let lost = self.depth > 0 && was_writing && connection.is_autocommit();
        if lost {
            *self = Transaction::default();
        }
        lost
    }

    /// Takes the write lock for a statement. Temporary tables need none outside a transaction.
    ///
    /// `cancelled` is asked while another session holds the lock.
    pub(crate) fn begin_statement(
        &self,
        connection: &Connection,
        temporary: bool,
        lock_timeout: i64,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<(), Stop> {
        if connection.is_autocommit() {
            if temporary && self.depth == 0 {
                execute(connection, "BEGIN")?;
            } else {
                lock(connection, lock_timeout, cancelled)?;
            }
        }
        if self.depth > 0 {
            execute(connection, "SAVEPOINT \"statement\"")?;
        }
        Ok(())
    }

    /// Keeps what the statement did, and commits it outside a transaction.
    pub(crate) fn end_statement(&self, connection: &Connection) -> Result<(), SqlError> {
        if self.depth > 0 {
            execute(connection, "RELEASE \"statement\"")
        } else {
            execute(connection, "COMMIT")
        }
    }

    /// Takes back what the statement did.
    pub(crate) fn undo_statement(&self, connection: &Connection) {
        if connection.is_autocommit() {
            // SQLite has rolled back already.
            return;
        }
        let sql = if self.depth > 0 {
            "ROLLBACK TO \"statement\"; RELEASE \"statement\""
        } else {
            "ROLLBACK"
        };
        if let Err(error) = connection.execute_batch(sql) {
            tracing::warn!(error = %error, "Undoing a statement failed");
        }
    }
}

pub(super) fn execute(connection: &Connection, sql: &str) -> Result<(), SqlError> {
    connection.execute_batch(sql).map_err(|error| failure::of_engine(&error))
}

/// BEGIN IMMEDIATE, waiting as long as LOCK_TIMEOUT says (-1: for ever).
fn lock(
    connection: &Connection,
    lock_timeout: i64,
    cancelled: &dyn Fn() -> bool,
) -> Result<(), Stop> {
    let began = Instant::now();
    let limit = u64::try_from(lock_timeout).ok().map(Duration::from_millis);
    let wait = limit.map_or(BUSY, |limit| limit.min(BUSY));
    connection.busy_timeout(wait).map_err(|error| failure::of_engine(&error))?;
    let result = loop {
        match connection.execute_batch("BEGIN IMMEDIATE") {
            Ok(()) => break Ok(()),
            Err(_) if cancelled() => break Err(Stop::Cancelled),
            Err(error) if failure::is_busy(&error) => {
                if limit.is_some_and(|limit| began.elapsed() >= limit) {
                    break Err(errors::lock_timeout().into());
                }
            }
            Err(error) => break Err(failure::of_engine(&error).into()),
        }
    };
    connection.busy_timeout(BUSY).map_err(|error| failure::of_engine(&error))?;
    result
}
