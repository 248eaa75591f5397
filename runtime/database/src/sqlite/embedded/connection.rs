//! Opening SQLite so that it is safe with hostile statements.

use std::fmt::Write as _;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::Duration;

use launchpod_functions::collation;
use launchpod_types::SqlError;
use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::{Connection, OpenFlags};

use crate::sqlite::errors;
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

/// Which layout of the catalog a file has; another number with each change that an older or
/// newer program couldn't read.
const VERSION: i64 = 4;

/// Checks that a file is new, or made by this version of the catalog; marks a new one.
///
/// # Errors
/// An internal error that names the file and the way out.
pub(crate) fn check_version(connection: &Connection, path: &Path) -> Result<(), SqlError> {
    let failed = |error| super::failure::of_engine(&error);
    let version: i64 =
        connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(failed)?;
    let count = "SELECT count(*) FROM main.sqlite_schema";
    let tables: i64 = connection.query_row(count, [], |row| row.get(0)).map_err(failed)?;
    if version == 0 && tables == 0 {
        return connection.pragma_update(None, "user_version", VERSION).map_err(failed);
    }
    if version != VERSION {
        return Err(errors::internal(format_args!(
            "the database {} was made by another version of Launchpod (layout {version}, this \
             program needs {VERSION}) and can't be opened; name another data folder, or use the \
             version that made it",
            path.display()
        )));
    }
    Ok(())
}

/// Opens the file.
pub(crate) fn open(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_URI
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
    collation::register(&connection)?;
    connection.set_prepared_statement_cache_capacity(64);
    connection.busy_timeout(BUSY)?;
    Ok(connection)
}

/// The name that the history is attached by.
const HISTORY: &str = "history";

/// Makes the history of a folder readable as `history`, unless it is already: read-only, so that
/// no writer here ever waits for the one that writes it.
///
/// It is not done for each session. SQLite can't close a file while another connection of the
/// process holds a lock on it, as the history's writer always does, and would keep a descriptor
/// for each session that was ever open at the same time
/// (sqlite.org/lockingv3.html, "POSIX advisory locks").
pub(crate) fn attach_history(connection: &Connection, folder: &Path) -> rusqlite::Result<()> {
    if connection.is_readonly(HISTORY).is_ok() {
        return Ok(());
    }
    connection.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 1)?;
    let file = read_only(&folder.join(launchpod_history::FILE_NAME));
    let attached = connection.execute(&format!("ATTACH ?1 AS {HISTORY}"), [file]);
    connection.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 0)?;
    attached.map(|_| ())
}

/// A file's URI as SQLite reads it (sqlite.org/uri.html).
fn read_only(path: &Path) -> String {
    let mut uri = "file:".to_owned();
    for byte in path.as_os_str().as_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => {
                uri.push(char::from(*byte));
            }
            // Writing to a String doesn't fail.
            other => _ = write!(uri, "%{other:02x}"),
        }
    }
    uri + "?mode=ro"
}
