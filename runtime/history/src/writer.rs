//! The thread that writes, and what is forgotten.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rusqlite::{Connection, params};
use tokio::sync::mpsc;
use tracing::warn;

use crate::Bounds;
use crate::record::{Admitted, Begun, Ended, Event};

/// Events that go into one transaction at most: those that have come by the time it begins.
const BATCH: usize = 256;
/// How often rows are forgotten.
const FORGET: Duration = Duration::from_secs(60);

/// Writes what comes until the last sender is gone.
pub(crate) fn write(mut connection: Connection, mut events: mpsc::Receiver<Event>, bounds: Bounds) {
    let mut batch = Vec::with_capacity(BATCH);
    let mut forgotten: Option<Instant> = None;
    while events.blocking_recv_many(&mut batch, BATCH) > 0 {
        if let Err(error) = record(&mut connection, &batch) {
            warn!(%error, requests = batch.len(), "can't write the history");
        }
        batch.clear();
        if forgotten.is_none_or(|last| last.elapsed() >= FORGET) {
            if let Err(error) = forget(&connection, bounds, SystemTime::now()) {
                warn!(%error, "can't shorten the history");
            }
            forgotten = Some(Instant::now());
        }
    }
}

fn record(connection: &mut Connection, events: &[Event]) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    for event in events {
        match event {
            Event::Begun(begun) => insert(&transaction, begun)?,
            Event::Admitted(admitted) => admit(&transaction, admitted)?,
            Event::Ended(ended) => end(&transaction, ended)?,
            Event::ImpliedLogin => count(&transaction, "Implied Auth. Logins", 1)?,
        }
    }
    transaction.commit()
}

fn insert(connection: &Connection, begun: &Begun) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO requests
                (request_id, login, database, language, script_hash, script, streaming, started,
                    pool)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute(params![
            begun.request.as_bytes(),
            begun.login,
            begun.database,
            begun.language,
            begun.script_hash,
            begun.script,
            begun.streaming,
            moment(begun.at),
            begun.pool,
        ])?;
    Ok(())
}

fn admit(connection: &Connection, admitted: &Admitted) -> rusqlite::Result<()> {
    connection
        .prepare_cached("UPDATE requests SET account = ?2, workers = ?3 WHERE request_id = ?1")?
        .execute(params![admitted.request.as_bytes(), admitted.account, admitted.workers])?;
    Ok(())
}

fn end(connection: &Connection, ended: &Ended) -> rusqlite::Result<()> {
    let took = microseconds(ended.took);
    let [admit, create, start, ready, input, script, output] =
        ended.stages.map(|stage| stage.map(microseconds));
    connection
        .prepare_cached(
            "UPDATE requests SET ended = started + ?2 * 10, outcome = ?3, error = ?4, reason = ?5,
                language = ?6, image_id = ?7, lock_hash = ?8, container = ?9,
                admit_us = ?10, create_us = ?11, start_us = ?12, ready_us = ?13, input_us = ?14,
                script_us = ?15, output_us = ?16, rows_in = ?17, rows_out = ?18, bytes_in = ?19,
                bytes_out = ?20, cpu_us = ?21, peak_memory = ?22, outbound_allowed = ?23,
                outbound_refused = ?24, outbound_sent = ?25, outbound_received = ?26
             WHERE request_id = ?1",
        )?
        .execute(params![
            ended.request.as_bytes(),
            took,
            ended.outcome,
            ended.error,
            ended.reason,
            ended.language,
            known(&ended.image_id),
            known(&ended.lock_hash),
            known(&ended.container),
            admit,
            create,
            start,
            ready,
            input,
            script,
            output,
            signed(ended.rows_in),
            signed(ended.rows_out),
            signed(ended.bytes_in),
            signed(ended.bytes_out),
            ended.cpu.map(microseconds),
            ended.peak_memory.map(signed),
            signed(ended.outbound_allowed),
            signed(ended.outbound_refused),
            signed(ended.outbound_sent),
            signed(ended.outbound_received),
        ])?;
    count(connection, "Total Executions", 1)?;
    count(connection, "Total Execution Time (ms)", took / 1000)?;
    count(connection, "Execution Errors", ended.is_fault.into())?;
    connection
        .prepare_cached(
            "UPDATE counters SET value = value + 1 FROM requests r WHERE r.request_id = ?1
             AND (name = 'Parallel Executions' AND r.workers > 1
                OR name = 'Streaming Executions' AND r.streaming)",
        )?
        .execute([ended.request.as_bytes()])?;
    Ok(())
}

/// Adds to a counter.
fn count(connection: &Connection, name: &str, value: i64) -> rusqlite::Result<()> {
    connection
        .prepare_cached("UPDATE counters SET value = value + ?2 WHERE name = ?1")?
        .execute(params![name, value])?;
    Ok(())
}

/// Forgets rows that are too old, and the oldest when there are too many. Rows of requests that
/// run stay.
fn forget(connection: &Connection, bounds: Bounds, now: SystemTime) -> rusqlite::Result<()> {
    let oldest = now.checked_sub(bounds.age).map_or(0, moment);
    connection
        .execute("DELETE FROM requests WHERE started < ?1 AND outcome IS NOT NULL", [oldest])?;
    let pragma = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let bytes = (pragma("page_count")? - pragma("freelist_count")?) * pragma("page_size")?;
    if bytes > signed(bounds.size) {
        // Pages that are free now are used again: the file grows no further.
        connection.execute(
            "DELETE FROM requests WHERE outcome IS NOT NULL AND number IN
                (SELECT number FROM requests ORDER BY number
                 LIMIT (SELECT count(*) / 4 + 1 FROM requests))",
            [],
        )?;
    }
    Ok(())
}

fn known(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

/// 100 ns since 1970 UTC.
fn moment(at: SystemTime) -> i64 {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos() / 100).unwrap_or(i64::MAX)
}

fn microseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use uuid::Uuid;

    use super::*;
    use crate::{History, file, recent};

    fn begun(request: Uuid) -> Begun {
        Begun {
            request,
            login: "ada".to_owned(),
            database: "sales".to_owned(),
            language: "python".to_owned(),
            pool: "default".to_owned(),
            script_hash: "0123456789abcdef".to_owned(),
            script: None,
            streaming: true,
            at: SystemTime::now(),
        }
    }

    fn ended(request: Uuid) -> Ended {
        let mut stages = [None; 7];
        stages[0] = Some(Duration::from_millis(250));
        Ended {
            request,
            outcome: "succeeded",
            language: "Python".to_owned(),
            // Some of it in no stage that is known.
            took: Duration::from_secs(2),
            stages,
            rows_out: 3,
            cpu: Some(Duration::from_millis(70)),
            ..Ended::default()
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_row_survives_and_what_ran_is_marked() {
        let folder = tempfile::tempdir().unwrap();
        let (done, cut) = (Uuid::new_v4(), Uuid::new_v4());
        let history = History::open(folder.path(), Bounds::default()).unwrap();
        for request in [done, cut] {
            history.begun(begun(request)).await;
        }
        let account = "account".to_owned();
        history.admitted(Admitted { request: done, account, workers: 2 }).await;
        history.ended(ended(done)).await;
        history.close();
        assert_eq!(recent(folder.path(), 9).unwrap()[0].outcome, "running");

        History::open(folder.path(), Bounds::default()).unwrap().close();
        let rows = recent(folder.path(), 9).unwrap();
        assert_eq!((rows[0].request, rows[0].outcome.as_str()), (cut, "interrupted"));
        assert_eq!((rows[1].request, rows[1].outcome.as_str()), (done, "succeeded"));
        assert_eq!(rows[1].took, Duration::from_secs(2));
        assert_eq!((rows[1].identity.as_str(), rows[1].language.as_str()), ("ada@sales", "Python"));
        assert_eq!((rows[1].rows_out, rows[1].cpu_ms), (3, Some(70)));
    }

    #[test]
    fn counters_count_and_the_old_is_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let mut connection = file::create(&folder.path().join("h")).unwrap();
        file::begin_anew(&connection).unwrap();
        for _ in 0..8 {
            let request = Uuid::new_v4();
            let events = [Event::Begun(begun(request)), Event::Ended(Box::new(ended(request)))];
            record(&mut connection, &events).unwrap();
        }
        record(&mut connection, &[Event::Begun(begun(Uuid::new_v4()))]).unwrap();
        let counter = |connection: &Connection, name: &str| {
            let sql = "SELECT value FROM counters WHERE name = ?1";
            connection.query_row(sql, [name], |row| row.get::<_, i64>(0)).unwrap()
        };
        assert_eq!(counter(&connection, "Total Executions"), 8);
        assert_eq!(counter(&connection, "Total Execution Time (ms)"), 16_000);
        assert_eq!(counter(&connection, "Streaming Executions"), 8);
        assert_eq!(counter(&connection, "Parallel Executions"), 0);

        let rows = |connection: &Connection| {
            let sql = "SELECT count(*) FROM requests";
            connection.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap()
        };
        let now = SystemTime::now();
        forget(&connection, Bounds::default(), now).unwrap();
        assert_eq!(rows(&connection), 9);
        forget(&connection, Bounds { size: 1, ..Bounds::default() }, now).unwrap();
        assert_eq!(rows(&connection), 6);
        let later = now + Bounds::default().age + Duration::from_secs(60);
        forget(&connection, Bounds::default(), later).unwrap();
        // What runs is not forgotten.
        assert_eq!(rows(&connection), 1);
    }
}
