//! Bulk loads with tiberius: all that its rows can hold, and a load that is too long for a packet.

use tiberius::numeric::Numeric;
use tiberius::{ColumnData, IntoRow as _, IntoSql as _, TokenRow};

use crate::server::{Connection, Server};

const ROWS: i32 = 20_000;

async fn run(connection: &mut Connection, batch: &str) -> Vec<tiberius::Row> {
    connection.simple_query(batch).await.unwrap().into_first_result().await.unwrap()
}

#[tokio::test]
async fn many_rows() {
    let server = Server::start().await;
    let mut connection = server.connect().await;
    // The IDENTITY column is left out: its values are the server's.
    run(
        &mut connection,
        "CREATE TABLE loaded (id int IDENTITY PRIMARY KEY, n int, t nvarchar(20))",
    )
    .await;
    let mut load = connection.bulk_insert("loaded").await.unwrap();
    for n in 0..ROWS {
        let text = (n % 3 != 0).then(|| format!("row {n} ü"));
        load.send((Some(n), text).into_row()).await.unwrap();
    }
    assert_eq!(load.finalize().await.unwrap().total(), ROWS as u64);
    let rows = run(
        &mut connection,
        "SELECT COUNT(*) AS c, COUNT(t) AS t, SUM(n) AS s, MAX(id) AS m, MAX(t) AS last FROM loaded",
    )
    .await;
    let row = &rows[0];
    assert_eq!(row.get::<i32, _>("c"), Some(ROWS));
    assert_eq!(row.get::<i32, _>("t"), Some(ROWS - 1 - (ROWS - 1) / 3));
    assert_eq!(row.get::<i32, _>("s"), Some((0..ROWS).sum()));
    assert_eq!(row.get::<i32, _>("m"), Some(ROWS));
    assert_eq!(row.get::<&str, _>("last"), Some("row 9998 ü"));
}

#[tokio::test]
async fn every_kind_of_value() {
    let server = Server::start().await;
    let mut connection = server.connect().await;
    run(
        &mut connection,
        "CREATE TABLE loaded (a bit, b tinyint, c smallint, d int, e bigint, f real, g float,
                              h decimal(38, 4), i varchar(20), j nvarchar(max), k varbinary(max),
                              l uniqueidentifier)",
    )
    .await;
    let guid = tiberius::Uuid::from_u128(u128::MAX - 1);
    let long = "日本 𝄞 ".repeat(5000);
    let bytes = vec![0_u8, 255, 7];
    let values: Vec<ColumnData<'static>> = vec![
        true.into_sql(),
        255_u8.into_sql(),
        i16::MIN.into_sql(),
        i32::MIN.into_sql(),
        i64::MAX.into_sql(),
        1.5_f32.into_sql(),
        (-1e300_f64).into_sql(),
        Numeric::new_with_scale(-12_345_678, 4).into_sql(),
        "naïve".into_sql(),
        long.clone().into_sql(),
        bytes.clone().into_sql(),
        guid.into_sql(),
    ];
    let nulls: Vec<ColumnData<'static>> = vec![
        ColumnData::Bit(None),
        ColumnData::U8(None),
        ColumnData::I16(None),
        ColumnData::I32(None),
        ColumnData::I64(None),
        ColumnData::F32(None),
        ColumnData::F64(None),
        ColumnData::Numeric(None),
        ColumnData::String(None),
        ColumnData::String(None),
        ColumnData::Binary(None),
        ColumnData::Guid(None),
    ];
    let mut load = connection.bulk_insert("loaded").await.unwrap();
    for row in [values, nulls] {
        let mut token = TokenRow::new();
        row.into_iter().for_each(|value| token.push(value));
        load.send(token).await.unwrap();
    }
    assert_eq!(load.finalize().await.unwrap().total(), 2);

    let rows = run(&mut connection, "SELECT * FROM loaded ORDER BY a DESC").await;
    let row = &rows[0];
    assert_eq!(row.get::<bool, _>("a"), Some(true));
    assert_eq!(row.get::<u8, _>("b"), Some(255));
    assert_eq!(row.get::<i16, _>("c"), Some(i16::MIN));
    assert_eq!(row.get::<i32, _>("d"), Some(i32::MIN));
    assert_eq!(row.get::<i64, _>("e"), Some(i64::MAX));
    assert_eq!(row.get::<f32, _>("f"), Some(1.5));
    assert_eq!(row.get::<f64, _>("g"), Some(-1e300));
    assert_eq!(row.get::<Numeric, _>("h").map(|n| (n.value(), n.scale())), Some((-12_345_678, 4)));
    assert_eq!(row.get::<&str, _>("i"), Some("naïve"));
    assert_eq!(row.get::<&str, _>("j"), Some(long.as_str()));
    assert_eq!(row.get::<&[u8], _>("k"), Some(bytes.as_slice()));
    assert_eq!(row.get::<tiberius::Uuid, _>("l"), Some(guid));
    assert!(rows[1].cells().all(|(_, value)| format!("{value:?}").ends_with("(None)")));
}

#[tokio::test]
async fn an_error_leaves_nothing() {
    let server = Server::start().await;
    let mut connection = server.connect().await;
    run(&mut connection, "CREATE TABLE loaded (n int NOT NULL PRIMARY KEY)").await;
    let mut load = connection.bulk_insert("loaded").await.unwrap();
    for n in [1, 2, 3, 2] {
        load.send(n.into_row()).await.unwrap();
    }
    match load.finalize().await {
        Err(tiberius::error::Error::Server(error)) => assert_eq!(error.code(), 2627),
        other => panic!("{other:?}"),
    }
    let rows = run(&mut server.connect().await, "SELECT COUNT(*) AS c FROM loaded").await;
    assert_eq!(rows[0].get::<i32, _>("c"), Some(0));
}
