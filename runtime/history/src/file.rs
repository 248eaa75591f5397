//! The file and its tables.

use std::error::Error;
use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};
use uuid::Uuid;

use crate::record::Summary;

/// The file in the data folder.
pub const FILE_NAME: &str = "history.sqlite";

/// The tables. The database's views read them: moments are counts of 100 ns since 1970 UTC,
/// and ids are the 16 bytes of a UUID, as its storage has them.
pub(crate) const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS requests (
    number INTEGER PRIMARY KEY,
    request_id BLOB NOT NULL UNIQUE,
    login TEXT NOT NULL,
    database TEXT NOT NULL,
    language TEXT NOT NULL,
    script_hash TEXT NOT NULL,
    script TEXT,
    streaming INT NOT NULL,
    started INT NOT NULL,
    account TEXT,
    workers INT NOT NULL DEFAULT 1,
    ended INT,
    outcome TEXT,
    error INT,
    reason TEXT,
    image_id TEXT,
    lock_hash TEXT,
    container TEXT,
    admit_us INT, create_us INT, start_us INT, ready_us INT, input_us INT, script_us INT, output_us INT,
    rows_in INT, rows_out INT, bytes_in INT, bytes_out INT,
    cpu_us INT, peak_memory INT,
    outbound_allowed INT, outbound_refused INT,
    pool TEXT,
    outbound_sent INT, outbound_received INT
) STRICT;
CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, value INT NOT NULL) STRICT;
";

/// Columns of `requests` that are younger than the table, at its end, with their types.
const ADDED: [&str; 5] = [
    "outbound_allowed INT",
    "outbound_refused INT",
    "pool TEXT",
    "outbound_sent INT",
    "outbound_received INT",
];

/// The counters, as SQL Server's object External Scripts names them.
pub(crate) const COUNTERS: [&str; 7] = [
    "Execution Errors",
    "Implied Auth. Logins",
    "Parallel Executions",
    "SQL CC Executions",
    "Streaming Executions",
    "Total Execution Time (ms)",
    "Total Executions",
];

/// The history's file can't be used.
#[derive(Debug, thiserror::Error)]
#[error("history {}: {source}", path.display())]
pub struct HistoryError {
    /// The file.
    pub path: PathBuf,
    /// What SQLite or the system says.
    pub source: Box<dyn Error + Send + Sync>,
}

// === impl HistoryError ===

impl HistoryError {
    pub(crate) fn new(path: &Path, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        HistoryError { path: path.to_owned(), source: source.into() }
    }
}

/// Opens the file for writing; makes it when it is missing, readable by its owner only.
pub(crate) fn create(path: &Path) -> Result<Connection, HistoryError> {
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .map_err(|error| HistoryError::new(path, error))?;
    let open = || -> rusqlite::Result<Connection> {
        let connection = Connection::open(path)?;
        connection.busy_timeout(Duration::from_secs(10))?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        // A power cut may cost the last rows; the end of the process costs none.
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        connection.execute_batch(SCHEMA)?;
        add_columns(&connection)?;
        Ok(connection)
    };
    open().map_err(|error| HistoryError::new(path, error))
}

/// Brings a table of an older version up to date; its rows have NULL in what is new.
fn add_columns(connection: &Connection) -> rusqlite::Result<()> {
    for column in ADDED {
        let name = column.split(' ').next();
        let known = "SELECT count(*) FROM pragma_table_info('requests') WHERE name = ?1";
        if connection.query_row(known, [name], |row| row.get::<_, i64>(0))? == 0 {
            connection.execute_batch(&format!("ALTER TABLE requests ADD COLUMN {column}"))?;
        }
    }
    Ok(())
}

/// What a server does that starts: nothing runs, and counters begin at 0.
pub(crate) fn begin_anew(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute(
        "UPDATE requests SET outcome = 'interrupted', reason = 'The server ended before it.'
         WHERE outcome IS NULL",
        [],
    )?;
    connection.execute("DELETE FROM counters", [])?;
    for name in COUNTERS {
        connection.execute("INSERT INTO counters VALUES (?1, 0)", [name])?;
    }
    Ok(())
}

/// The last so many rows, the newest first.
///
/// # Errors
/// There is no history, or it can't be read.
pub fn recent(folder: &Path, count: u32) -> Result<Vec<Summary>, HistoryError> {
    let path = folder.join(FILE_NAME);
    let read = || -> rusqlite::Result<Vec<Summary>> {
        let connection = Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        connection.busy_timeout(Duration::from_secs(10))?;
        let mut statement = connection.prepare(
            "SELECT request_id, datetime(started / 10000000, 'unixepoch'), login || '@' || database,
                language, coalesce(outcome, 'running'), reason,
                ended - started, rows_in, rows_out,
                cpu_us / 1000, peak_memory, substr(script_hash, 1, 12)
             FROM requests ORDER BY number DESC LIMIT ?1",
        )?;
        let rows = statement.query_map([count], |row| {
            // What was written was no less than 0.
            let count = |place: usize| -> rusqlite::Result<Option<u64>> {
                Ok(row.get::<_, Option<i64>>(place)?.map(i64::unsigned_abs))
            };
            let took = count(6)?.unwrap_or_default();
            Ok(Summary {
                request: Uuid::from_bytes(row.get(0)?),
                started: row.get(1)?,
                identity: row.get(2)?,
                language: row.get(3)?,
                outcome: row.get(4)?,
                reason: row.get(5)?,
                took: Duration::from_nanos(took.saturating_mul(100)),
                rows_in: count(7)?.unwrap_or_default(),
                rows_out: count(8)?.unwrap_or_default(),
                cpu_ms: count(9)?,
                peak_memory: count(10)?,
                script: row.get(11)?,
            })
        })?;
        rows.collect()
    };
    read().map_err(|error| HistoryError::new(&path, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_older_file_gets_the_columns_that_are_new() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE_NAME);
        let older = SCHEMA.replace(
            ",\n    outbound_allowed INT, outbound_refused INT,\n    pool TEXT,\n    \
             outbound_sent INT, outbound_received INT",
            "",
        );
        assert_ne!(older, SCHEMA);
        let connection = Connection::open(&path).unwrap();
        connection.execute_batch(&older).unwrap();
        let row = "INSERT INTO requests
            (request_id, login, database, language, script_hash, streaming, started)
            VALUES (x'00', 'sa', 'master', 'Python', '', 0, 0)";
        connection.execute(row, []).unwrap();
        drop(connection);
        // The second time there is nothing to do.
        for _ in 0..2 {
            let connection = create(&path).unwrap();
            let counts: Option<i64> = connection
                .query_row("SELECT outbound_allowed FROM requests WHERE pool IS NULL", [], |row| {
                    row.get(0)
                })
                .unwrap();
            assert_eq!(counts, None);
        }
    }
}
