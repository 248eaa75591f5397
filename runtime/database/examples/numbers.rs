//! Measures how fast a table of four numeric columns becomes record batches, against bare SQLite
//! that only reads the same cells. Run with
//! `cargo run --release -p launchpod-database --example numbers`.

use std::error::Error;
use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

use launchpod_database::sqlite::FILE_NAME;

mod common;

const ROWS: u32 = 4_000_000;
const RUNS: usize = 5;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let mut session = common::session(folder.path()).await?;
    let fill = format!(
        "CREATE TABLE t (a int NOT NULL, b bigint, c float, d decimal(9,2));
         WITH n AS (SELECT 1 AS a UNION ALL SELECT a + 1 FROM n WHERE a < {ROWS})
         INSERT t SELECT a, CAST(a AS bigint) * 1000, a * 0.5e0, a % 100000 FROM n OPTION (MAXRECURSION 0)"
    );
    common::run(&mut *session, &fill).await?;
    for sql in ["SELECT a, b, c, d FROM t", "SELECT a, b, c FROM t"] {
        let mut best = f64::INFINITY;
        for _ in 0..RUNS {
            let began = Instant::now();
            let rows = common::run(&mut *session, sql).await?;
            assert_eq!(rows, ROWS as usize);
            best = best.min(began.elapsed().as_secs_f64());
        }
        let floor = bare(folder.path(), sql)?;
        println!(
            "{sql}: {:.0} rows/s; bare SQLite {:.0} rows/s; ratio {:.2}",
            f64::from(ROWS) / best,
            f64::from(ROWS) / floor,
            best / floor,
        );
    }
    Ok(())
}

/// Seconds that SQLite takes by itself, of the best run.
fn bare(folder: &Path, sql: &str) -> Result<f64, Box<dyn Error>> {
    let connection = rusqlite::Connection::open(folder.join(FILE_NAME))?;
    let mut statement = connection.prepare(&sql.replace(" t", " \"master.dbo.t\""))?;
    let columns = statement.column_count();
    let mut best = f64::INFINITY;
    for _ in 0..RUNS {
        let began = Instant::now();
        let mut rows = statement.query(())?;
        while let Some(row) = rows.next()? {
            for column in 0..columns {
                black_box(row.get_ref(column)?);
            }
        }
        best = best.min(began.elapsed().as_secs_f64());
    }
    Ok(best)
}
