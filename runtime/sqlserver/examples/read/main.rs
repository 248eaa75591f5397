//! How fast rows come from a server into Arrow: our own decoder against what others have.
//!
//!     cargo run --release -p launchpod-sqlserver --example read [ROWS [PYTHON]]
//!
//! The server is one of this program's own that sends the same bytes to all as fast as they are
//! taken, so that the client is what is measured. Our decoder and tiberius's plain rows are on a
//! thread of their own and end in Arrow record batches; with a Python that has the packages of
//! `tests/speed/read/requirements.txt`, arrow-odbc and connectorx read the same rows. They take
//! turns, and the best of each counts.

mod python;
mod server;

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow_array::builder::{
    Decimal128Builder, Float64Builder, Int32Builder, Int64Builder, StringBuilder,
};
use arrow_array::{ArrayRef, RecordBatch};
use futures_util::TryStreamExt as _;
use launchpod_database::{Database as _, Event, Execute, Login, Secret, Variables};
use launchpod_sqlserver::{Address, Config, Encryption, SqlServer, Upstream};
use tiberius::{AuthMethod, Client, EncryptionLevel};
use tokio::net::TcpStream;
use tokio_util::compat::TokioAsyncWriteCompatExt as _;
use tokio_util::sync::CancellationToken;

use self::python::Python;

const ROUNDS: usize = 5;
const QUERY: &str = "SELECT * FROM rows";
/// The road that the others are compared with.
const YARDSTICK: &str = "tiberius";

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let rows: usize = arguments.next().map_or(Ok(1_000_000), |rows| rows.parse())?;
    let port = server::start(rows)?;
    let mut python = arguments.next().map(|python| Python::start(&python, port)).transpose()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let others = python.as_ref().map_or(&[][..], |_| &python::ROADS);
    let mut best: Vec<(&str, Duration)> =
        ["launchpod", YARDSTICK].iter().chain(others).map(|road| (*road, Duration::MAX)).collect();
    for _ in 0..ROUNDS {
        for (road, best) in &mut best {
            let started = Instant::now();
            let read = match (*road, &mut python) {
                ("launchpod", _) => runtime.block_on(read_ours(port))?,
                (YARDSTICK, _) => runtime.block_on(read_tiberius(port))?,
                (other, Some(python)) => python.read(other)?,
                (other, None) => return Err(format!("no Python for {other}").into()),
            };
            *best = started.elapsed().min(*best);
            assert_eq!(read, rows, "{road}");
        }
    }
    println!("{rows} rows of int, bigint, float, decimal(18,4), nvarchar(40)");
    println!("{:<12}{:>18}{:>20}", "", "million rows/s", "times tiberius");
    let yardstick = best.iter().find(|(road, _)| *road == YARDSTICK).map(|(_, taken)| *taken);
    for (road, taken) in best {
        let speed = rows as f64 / taken.as_secs_f64() / 1e6;
        let ratio = yardstick.unwrap_or(taken).as_secs_f64() / taken.as_secs_f64();
        println!("{road:<12}{speed:>18.2}{ratio:>20.2}");
    }
    Ok(())
}

async fn read_ours(port: u16) -> Result<usize, Box<dyn Error>> {
    let config = Config {
        address: Address { host: "127.0.0.1".to_owned(), port },
        encryption: Encryption::Optional,
        trust_server_certificate: true,
        certificate: None,
        definition_login: None,
        script_role: None,
    };
    let login = Login {
        user: "sa".to_owned(),
        password: Secret::new("bench"),
        new_password: None,
        database: String::new(),
        spid: 0,
        program: "read".to_owned(),
        host: String::new(),
        client: launchpod_database::Client::default(),
    };
    let mut session = SqlServer::new(Arc::new(Upstream::new(config)?)).login(login).await?;
    let mut batch = launchpod_tsql::parse(QUERY).map_err(|error| error.to_string())?;
    let execute = Execute {
        statement: Arc::new(batch.statements.remove(0)),
        source: QUERY.into(),
        variables: Arc::new(Variables::new()),
        describe: false,
    };
    let mut events = session.execute(execute, CancellationToken::new());
    let mut count = 0;
    while let Some(event) = events.recv().await {
        if let Event::Batch(batch) = event? {
            count += batch.num_rows();
        }
    }
    Ok(count)
}

/// Rows by tiberius's plain API, appended to builders cell by cell.
async fn read_tiberius(port: u16) -> Result<usize, Box<dyn Error>> {
    let mut config = tiberius::Config::new();
    config.host("127.0.0.1");
    config.port(port);
    config.authentication(AuthMethod::sql_server("sa", "bench"));
    config.encryption(EncryptionLevel::NotSupported);
    config.command_timeout(None);
    let socket = TcpStream::connect(config.get_addr()).await?;
    socket.set_nodelay(true)?;
    let mut client = Client::connect(config, socket.compat_write()).await?;
    let mut rows = client.simple_query(QUERY).await?.into_row_stream();
    let mut builders = Builders::default();
    let mut count = 0;
    while let Some(row) = rows.try_next().await? {
        builders.id.append_option(row.try_get::<i32, _>(0)?);
        builders.big.append_option(row.try_get::<i64, _>(1)?);
        builders.real.append_option(row.try_get::<f64, _>(2)?);
        let exact = row.try_get::<tiberius::numeric::Numeric, _>(3)?;
        builders.exact.append_option(exact.map(|exact| exact.value()));
        builders.text.append_option(row.try_get::<&str, _>(4)?);
        count += 1;
        if count % (64 << 10) == 0 {
            std::hint::black_box(builders.finish()?);
        }
    }
    std::hint::black_box(builders.finish()?);
    Ok(count)
}

#[derive(Default)]
struct Builders {
    id: Int32Builder,
    big: Int64Builder,
    real: Float64Builder,
    exact: Decimal128Builder,
    text: StringBuilder,
}

// === impl Builders ===

impl Builders {
    fn finish(&mut self) -> Result<RecordBatch, Box<dyn Error>> {
        let arrays: [(&str, ArrayRef); 5] = [
            ("id", Arc::new(self.id.finish())),
            ("big", Arc::new(self.big.finish())),
            ("real", Arc::new(self.real.finish())),
            ("exact", Arc::new(self.exact.finish().with_precision_and_scale(18, 4)?)),
            ("text", Arc::new(self.text.finish())),
        ];
        Ok(RecordBatch::try_from_iter(arrays)?)
    }
}
