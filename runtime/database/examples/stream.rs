//! Measures the embedded database with 5 million rows: loading, streaming, and arithmetic
//! against bare SQLite. Run with `cargo run --release -p launchpod-database --example stream`.

use std::error::Error;
use std::time::Instant;

use launchpod_database::sqlite::FILE_NAME;

mod common;

const ROWS: u32 = 5_000_000;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let mut session = common::session(folder.path()).await?;
    let statements = [
        "CREATE TABLE t (a int NOT NULL, b float, c varchar(20), d datetime2(7), e decimal(9,2))"
            .to_owned(),
        format!(
            "WITH n AS (SELECT 1 AS a UNION ALL SELECT a + 1 FROM n WHERE a < {ROWS})
             INSERT t SELECT a, a * 0.5e0, 'row ' + CAST(a % 1000 AS varchar(10)),
                '2024-01-01 12:00', a % 100000 FROM n OPTION (MAXRECURSION 0)"
        ),
        "SELECT a FROM t".to_owned(),
        "SELECT a, b, c FROM t".to_owned(),
        "SELECT a, b, c, d, e FROM t".to_owned(),
        "SELECT SUM(CAST(a AS bigint)) FROM t".to_owned(),
        "SELECT SUM(CAST(a * 2 AS bigint)) FROM t".to_owned(),
        "SELECT SUM(b * 2) FROM t".to_owned(),
        "SELECT SUM(e) FROM t".to_owned(),
        "SELECT COUNT(*) FROM t WHERE c = 'ROW 7'".to_owned(),
        "SELECT c, COUNT(*) FROM t GROUP BY c".to_owned(),
    ];
    for sql in &statements {
        let began = Instant::now();
        let rows = common::run(&mut *session, sql).await?;
        let seconds = began.elapsed().as_secs_f64();
        println!("{seconds:>8.2} s  {rows:>8} rows  {sql}  ({})", peak_memory()?);
    }
    let bare = rusqlite::Connection::open(folder.path().join(FILE_NAME))?;
    for sql in ["SELECT SUM(a) FROM \"master.dbo.t\"", "SELECT SUM(a * 2) FROM \"master.dbo.t\""] {
        let began = Instant::now();
        let _: i64 = bare.query_row(sql, [], |row| row.get(0))?;
        println!("{:>8.2} s  bare SQLite: {sql}", began.elapsed().as_secs_f64());
    }
    println!("peak resident memory: {}", peak_memory()?);
    Ok(())
}

/// The greatest resident size so far, as Linux tells it.
fn peak_memory() -> Result<String, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with("VmHWM"));
    Ok(line.unwrap_or("VmHWM unknown").split_whitespace().collect::<Vec<_>>().join(" "))
}
