//! What every client does (`tests/clients/test_contract.py`), with tiberius. It doesn't show
//! informative messages, so a script that prints is run for its result only.

// A panic is how a test fails.
#![allow(clippy::unwrap_used)]

mod bulk;
mod server;

use std::time::Duration;

use tiberius::error::Error;
use tiberius::{Query, Row};
use tokio::time::timeout;

use server::{Connection, Server};

const DOCUMENTED: &str = "
EXEC sp_execute_external_script @language = N'Python',
     @script = N'OutputDataSet = InputDataSet', @input_data_1 = N'SELECT 1 AS col'
WITH RESULT SETS ((col int));
";

const ENDLESS: &str = "
EXEC sp_execute_external_script @language = N'Python', @script = N'import time; time.sleep(3600)';
";

async fn rows(connection: &mut Connection, batch: &str) -> tiberius::Result<Vec<Row>> {
    connection.simple_query(batch).await?.into_first_result().await
}

async fn documented_script_runs(connection: &mut Connection) {
    let rows = rows(connection, DOCUMENTED).await.unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].columns()[0].name(), "col");
    assert_eq!(rows[0].get::<i32, _>("col"), Some(1));
}

#[tokio::test]
async fn documented_script() {
    let server = Server::start().await;
    documented_script_runs(&mut server.connect().await).await;
}

#[tokio::test]
async fn scalars_and_an_output_value() {
    let server = Server::start().await;
    let batch = "
DECLARE @total int, @text nvarchar(50) = N'grüße';
EXEC sp_execute_external_script @language = N'Python',
     @script = N'total = left + right
text = text + \" dich\"',
     @params = N'@left int, @right int, @total int OUTPUT, @text nvarchar(50) OUTPUT',
     @left = 40, @right = 2, @total = @total OUTPUT, @text = @text OUTPUT;
SELECT @total AS total, @text AS text;
";
    let rows = rows(&mut server.connect().await, batch).await.unwrap();
    assert_eq!(rows[0].get::<i32, _>("total"), Some(42));
    assert_eq!(rows[0].get::<&str, _>("text"), Some("grüße dich"));
}

#[tokio::test]
async fn script_and_query_as_parameters() {
    let server = Server::start().await;
    let mut query = Query::new(
        "EXEC sp_execute_external_script @language = N'Python', @script = @P1, @input_data_1 = @P2
         WITH RESULT SETS ((n bigint))",
    );
    query.bind("OutputDataSet = InputDataSet * 2");
    query.bind("SELECT CAST(21 AS bigint) AS n");
    let mut connection = server.connect().await;
    let row = query.query(&mut connection).await.unwrap().into_row().await.unwrap().unwrap();
    assert_eq!(row.get::<i64, _>("n"), Some(42));
}

#[tokio::test]
async fn a_script_that_prints() {
    let server = Server::start().await;
    let batch = "
EXEC sp_execute_external_script @language = N'Python', @script = N'print(\"printed\")
OutputDataSet = pandas.DataFrame([7])'
";
    let rows = rows(&mut server.connect().await, batch).await.unwrap();
    assert_eq!(rows[0].get::<i64, _>(0), Some(7));
}

#[tokio::test]
async fn a_script_that_fails() {
    let server = Server::start().await;
    let mut connection = server.connect().await;
    let batch = "EXEC sp_execute_external_script @language = N'Python', @script = N'

1 / 0'";
    match rows(&mut connection, batch).await {
        Err(Error::Server(error)) => {
            assert_eq!(error.code(), 39004);
            assert!(error.message().contains("External script request id is "), "{error}");
        }
        other => panic!("{other:?}"),
    }
    documented_script_runs(&mut server.connect().await).await;
}

#[tokio::test]
async fn a_script_that_is_cancelled() {
    let server = Server::start().await;
    let mut connection = server.connect().await;
    {
        let running = connection.simple_query(ENDLESS);
        let started = server.wait_for_script();
        tokio::select! {
            biased;
            () = started => {}
            _ = async { running.await?.into_results().await } => panic!("an endless script ended"),
        }
    }
    timeout(Duration::from_secs(60), connection.cancel_query()).await.unwrap().unwrap();
    server.wait_for_no_containers().await;
    documented_script_runs(&mut connection).await;
}

#[tokio::test]
async fn a_client_that_is_dropped() {
    let server = Server::start().await;
    let mut connection = server.connect().await;
    tokio::select! {
        biased;
        () = server.wait_for_script() => {}
        _ = async { connection.simple_query(ENDLESS).await?.into_results().await } => {
            panic!("an endless script ended")
        }
    }
    drop(connection);
    server.wait_for_no_containers().await;
    documented_script_runs(&mut server.connect().await).await;
}
