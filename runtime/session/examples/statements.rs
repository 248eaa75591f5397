//! Measures what a statement costs within a batch: loops of single INSERTs and of calls, beside
//! bare SQLite, and with a large value in a variable that the statements don't use. Run with
//! `cargo run --release -p launchpod-session --example statements`.

use std::time::Instant;

#[path = "../tests/support/mod.rs"]
mod support;

use support::Client;

const ROWS: u32 = 10_000;
/// A model of 16 MiB.
const MODEL: &str = "DECLARE @model varbinary(max) = \
    CAST(REPLICATE(CAST('x' AS varchar(max)), 16777216) AS varbinary(max)) ";

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let bare = bare()?;
    println!("{bare:>8.2} s  1.0  {ROWS} INSERTs, bare prepared SQLite");
    let mut client = Client::new().await;
    client.run("SET NOCOUNT ON CREATE TABLE t (a int, b nvarchar(20))").await;
    client.run("CREATE PROCEDURE p @a int AS INSERT t VALUES (@a, N'text')").await;
    let each = |body: &str| {
        format!(
            "BEGIN TRAN DECLARE @n int = 0 WHILE @n < {ROWS} BEGIN {body} SET @n += 1 END COMMIT"
        )
    };
    for (what, batch) in [
        ("turns of WHILE", each("")),
        ("INSERTs", each("INSERT t VALUES (@n, N'text')")),
        (
            "INSERTs beside a model of 16 MiB",
            MODEL.to_owned() + &each("INSERT t VALUES (@n, N'text')"),
        ),
        ("EXECs of a procedure that INSERTs", each("EXEC p @n")),
        (
            "EXECs of sp_executesql",
            each("EXEC sp_executesql N'INSERT t VALUES (@a, N''text'')', N'@a int', @n"),
        ),
        (
            "FETCHes",
            format!(
                "DECLARE c CURSOR LOCAL FAST_FORWARD FOR SELECT TOP ({ROWS}) a FROM t DECLARE @a int OPEN c \
             FETCH c INTO @a WHILE @@FETCH_STATUS = 0 FETCH c INTO @a"
            ),
        ),
    ] {
        let began = Instant::now();
        let answer = client.run(&batch).await;
        let seconds = began.elapsed().as_secs_f64();
        println!("{seconds:>8.2} s  {:.1}  {ROWS} {what} {answer}", seconds / bare);
    }
    Ok(())
}

/// How long SQLite itself takes for the INSERTs.
fn bare() -> rusqlite::Result<f64> {
    let folder = tempfile::tempdir().map_err(|_| rusqlite::Error::InvalidQuery)?;
    let connection = rusqlite::Connection::open(folder.path().join("bare.sqlite"))?;
    connection.execute_batch("CREATE TABLE t (a INT, b TEXT) STRICT; BEGIN")?;
    let began = Instant::now();
    for number in 0..ROWS {
        connection.prepare_cached("INSERT INTO t VALUES (?1, ?2)")?.execute((number, "text"))?;
    }
    connection.execute_batch("COMMIT")?;
    Ok(began.elapsed().as_secs_f64())
}
