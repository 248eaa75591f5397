//! Opening SQLite so that it is safe with hostile statements.

use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::{Connection, OpenFlags};

use crate::sqlite::functions::{COLLATION, text};
use crate::sqlite::translate::MOST_TEXT;

/// How long SQLite itself waits for a lock before it asks us, who look whether the statement
/// was cancelled.
pub(crate) const BUSY: Duration = Duration::from_millis(50);

/// Makes the file when it is missing, readable by its owner only: it holds passwords' hashes.
pub(crate) fn create(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(|_| ())
}

/// Opens the file.
pub(crate) fn open(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    // Opening concurrently, or while the log of a killed process is replayed, takes a moment.
    connection.busy_timeout(Duration::from_secs(10))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // A transaction that was committed survives a power cut, as SQL Server promises.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    // 8 MiB of pages for each session, counted in KiB when negative.
    connection.pragma_update(None, "cache_size", -8_192)?;
    // MOST_TEXT is far below i32::MAX.
    connection.set_limit(Limit::SQLITE_LIMIT_SQL_LENGTH, MOST_TEXT as i32 + 1024)?;
    connection.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 0)?;
    connection.set_limit(Limit::SQLITE_LIMIT_EXPR_DEPTH, 1000)?;
    connection.set_limit(Limit::SQLITE_LIMIT_WORKER_THREADS, 0)?;
    // A name that isn't known is an error, never a text.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DDL, false)?;
    connection.create_collation(COLLATION, text::compare)?;
    connection.set_prepared_statement_cache_capacity(64);
    connection.busy_timeout(BUSY)?;
    Ok(connection)
}
