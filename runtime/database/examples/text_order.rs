//! Measures what SQL Server's orders of text cost a query, against the same rows compared by their
//! bytes. Run with `cargo run --release -p launchpod-database --example text_order`.

use std::error::Error;
use std::time::Instant;

mod common;

const ROWS: u32 = 200_000;
const RUNS: usize = 3;

/// The columns: what their texts are made of, by their type's order. `b` is what they are compared with.
const COLUMNS: [(&str, &str); 5] = [
    ("b", "bytes"),
    ("v", "varchar, sort order 52"),
    ("n", "nvarchar of ASCII letters and digits"),
    ("h", "nvarchar with hyphens"),
    ("u", "nvarchar with umlauts"),
];

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let mut session = common::session(folder.path()).await?;
    // Texts of eleven characters, half of which occur twice, in no order.
    let fill = format!(
        "CREATE TABLE t (b varbinary(22), v varchar(22), n nvarchar(22), h nvarchar(22), u nvarchar(22));
         WITH i AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM i WHERE i < {ROWS}),
              x AS (SELECT CONVERT(varchar(10), HASHBYTES('MD5', CAST(i % ({ROWS} / 2) AS varchar(9))), 2) AS x FROM i)
         INSERT t SELECT CAST(x + 'o' AS varbinary(22)), x + 'o', x + 'o', STUFF(x, 6, 0, '-'), x + N'ö' FROM x
         OPTION (MAXRECURSION 0)"
    );
    common::run(&mut *session, &fill).await?;
    for (what, query) in [
        ("ORDER BY", "SELECT TOP (1) # FROM t ORDER BY #"),
        ("GROUP BY", "SELECT COUNT(*) FROM (SELECT # FROM t GROUP BY #) AS g"),
        ("join", "SELECT COUNT(*) FROM t AS a JOIN t AS b ON b.# = a.#"),
        ("CREATE INDEX", "CREATE INDEX i_# ON t (#); DROP INDEX i_# ON t"),
    ] {
        let mut bytes = f64::NAN;
        for (column, name) in COLUMNS {
            let sql = query.replace('#', column);
            let mut best = f64::INFINITY;
            for _ in 0..RUNS {
                let began = Instant::now();
                common::run(&mut *session, &sql).await?;
                best = best.min(began.elapsed().as_secs_f64());
            }
            if column == "b" {
                bytes = best;
            }
            println!("{what:<12} {name:<37} {:>5.0} ms, {:.1} × bytes", best * 1e3, best / bytes);
        }
    }
    Ok(())
}
