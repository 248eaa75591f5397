//! Measures what arithmetic costs that SQLite does by a registered function, since T-SQL raises errors
//! where SQLite gives NULL or infinity: sums over a million rows, against SQLite's own operators. Run
//! with `cargo run --release -p launchpod-database --example arithmetic`.

use std::error::Error;
use std::path::Path;
use std::time::Instant;

use launchpod_database::sqlite::FILE_NAME;

mod common;

const ROWS: u32 = 1_000_000;
const RUNS: usize = 5;

/// An expression of T-SQL, and what SQLite would compute by itself; what it costs to read the
/// columns is measured first.
const EXPRESSIONS: [(&str, &str); 6] = [
    ("MAX(x)", "MAX(x)"),
    ("MAX(x + y)", "MAX(x + y)"),
    ("MAX(x * y)", "MAX(x * y)"),
    ("MAX(x / y)", "MAX(x / y)"),
    ("MAX(a + b)", "MAX(a + b)"),
    ("MAX(a % b)", "MAX(a % b)"),
];

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let mut session = common::session(folder.path()).await?;
    let fill = format!(
        "CREATE TABLE t (a int NOT NULL, b int NOT NULL, x float NOT NULL, y float NOT NULL);
         WITH n AS (SELECT 1 AS a UNION ALL SELECT a + 1 FROM n WHERE a < {ROWS})
         INSERT t SELECT a, a % 1000 + 1, a * 0.5e0, a % 1000 + 1 FROM n OPTION (MAXRECURSION 0)"
    );
    common::run(&mut *session, &fill).await?;
    for (ours, theirs) in EXPRESSIONS {
        let mut best = f64::INFINITY;
        for _ in 0..RUNS {
            let began = Instant::now();
            common::run(&mut *session, &format!("SELECT {ours} FROM t")).await?;
            best = best.min(began.elapsed().as_secs_f64());
        }
        let floor = bare(folder.path(), theirs)?;
        let each = |seconds: f64| seconds * 1e9 / f64::from(ROWS);
        println!(
            "{ours:<11} {:>6.0} ns a row; SQLite {:>6.0} ns; ratio {:.2}",
            each(best),
            each(floor),
            best / floor
        );
    }
    Ok(())
}

/// Seconds that SQLite takes by itself, of the best run.
fn bare(folder: &Path, expression: &str) -> Result<f64, Box<dyn Error>> {
    let connection = rusqlite::Connection::open(folder.join(FILE_NAME))?;
    let mut statement =
        connection.prepare(&format!("SELECT {expression} FROM \"master.dbo.t\""))?;
    let mut best = f64::INFINITY;
    for _ in 0..RUNS {
        let began = Instant::now();
        statement.query_row((), |row| row.get_ref(0).map(|_| ()))?;
        best = best.min(began.elapsed().as_secs_f64());
    }
    Ok(best)
}
