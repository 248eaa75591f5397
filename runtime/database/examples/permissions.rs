//! Measures what the check of permissions costs a statement: users who have one by several ways
//! against the administrator, who needs none. Run with
//! `cargo run --release -p launchpod-database --example permissions`.

use std::error::Error;
use std::fmt::Write as _;
use std::time::Instant;

use launchpod_database::Session;

mod common;

/// Tables, and users beside those who are measured, each with a permission on each table.
const TABLES: u32 = 8;
const OTHERS: u32 = 100;
const STATEMENTS: u32 = 500;
const TURNS: usize = 5;

/// Users, and how they come to read the tables.
const USERS: [(&str, &str); 4] = [
    ("object", "GRANT SELECT ON t{} TO object"),
    ("inschema", "GRANT SELECT ON SCHEMA::dbo TO inschema"),
    ("inrole", "GRANT SELECT ON t{} TO readers"),
    ("reader", "ALTER ROLE db_datareader ADD MEMBER reader"),
];

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let mut session = common::session(folder.path()).await?;
    let session = &mut *session;
    common::run(session, &setup()?).await?;
    let all = (1..=TABLES).map(|table| format!("t{table}")).collect::<Vec<_>>().join(", ");
    for (name, sql) in [
        ("one table", "SELECT x FROM t1 WHERE x = 1".to_owned()),
        ("eight tables", format!("SELECT t1.x FROM {all} WHERE t1.x = 1")),
    ] {
        let mut best = [f64::INFINITY; USERS.len() + 1];
        for _ in 0..TURNS {
            for (place, best) in best.iter_mut().enumerate() {
                if let Some((user, _)) = USERS.get(place) {
                    common::run(session, &format!("EXECUTE AS USER = '{user}'")).await?;
                }
                *best = best.min(each(session, &sql).await?);
                if place < USERS.len() {
                    common::run(session, "REVERT").await?;
                }
            }
        }
        let administrator = best[USERS.len()];
        println!("{name}: the administrator {:.0} µs a statement", administrator * 1e6);
        for ((user, _), seconds) in USERS.iter().zip(best) {
            let ratio = seconds / administrator;
            println!("    {user:<8} {:>6.0} µs, {ratio:.2} times that", seconds * 1e6);
        }
    }
    Ok(())
}

/// What makes the tables, the users and their permissions.
fn setup() -> Result<String, std::fmt::Error> {
    let mut sql = "CREATE DATABASE measured; USE measured; CREATE ROLE readers;".to_owned();
    for table in 1..=TABLES {
        write!(sql, "CREATE TABLE t{table} (x int PRIMARY KEY); INSERT t{table} VALUES (1);")?;
    }
    for (user, grant) in USERS {
        write!(sql, "CREATE USER {user} WITHOUT LOGIN;")?;
        if user == "inrole" {
            sql.push_str("ALTER ROLE readers ADD MEMBER inrole;");
        }
        for table in 1..=TABLES {
            write!(sql, "{};", grant.replace("{}", &table.to_string()))?;
        }
    }
    for other in 1..=OTHERS {
        write!(sql, "CREATE USER other{other} WITHOUT LOGIN;")?;
        for table in 1..=TABLES {
            write!(sql, "GRANT SELECT, INSERT ON t{table} TO other{other};")?;
        }
    }
    Ok(sql)
}

/// Seconds that a statement takes, of many.
async fn each(session: &mut dyn Session, sql: &str) -> Result<f64, Box<dyn Error>> {
    let began = Instant::now();
    for _ in 0..STATEMENTS {
        common::run(session, sql).await?;
    }
    Ok(began.elapsed().as_secs_f64() / f64::from(STATEMENTS))
}
