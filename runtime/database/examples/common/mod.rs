//! What the measurements share: a database of their own and statements for it.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use std::sync::Arc;

use launchpod_database::sqlite::{Embedded, Options};
use launchpod_database::{Database, Event, Execute, Login, Secret, Session};
use tokio_util::sync::CancellationToken;

/// A session of the administrator on a new database in a folder.
pub async fn session(folder: &Path) -> Result<Box<dyn Session>, Box<dyn Error>> {
    let database = Embedded::open(folder, Options::default())?;
    let password = Secret::new("bench");
    database.set_password("sa", &password)?;
    let login = Login {
        user: "sa".into(),
        password,
        new_password: None,
        database: String::new(),
        spid: 51,
        program: "measurement".into(),
        host: "localhost".into(),
        client: launchpod_database::Client::default(),
    };
    Ok(database.login(login).await?)
}

/// The statements of a text, ready to run.
pub fn statements(sql: &str) -> Result<Vec<Execute>, Box<dyn Error>> {
    let batch = launchpod_tsql::parse(sql).map_err(|error| error.to_string())?;
    let execute = |statement| Execute {
        source: batch.text(statement).into(),
        statement: Arc::new(statement.clone()),
        variables: Arc::new(BTreeMap::new()),
        describe: false,
    };
    Ok(batch.statements.iter().map(execute).collect())
}

/// Runs the statements of a text; how many rows they yield.
pub async fn run(session: &mut dyn Session, sql: &str) -> Result<usize, Box<dyn Error>> {
    let mut rows = 0;
    for execute in statements(sql)? {
        let mut events = session.execute(execute, CancellationToken::new());
        while let Some(event) = events.recv().await {
            if let Event::Batch(batch) = event? {
                rows += batch.num_rows();
            }
        }
    }
    Ok(rows)
}
