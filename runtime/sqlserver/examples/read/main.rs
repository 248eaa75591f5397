//! How fast rows come from a server into Arrow: our own decoder against tiberius's rows.
//!
//!     cargo run --release -p launchpod-sqlserver --example read [ROWS]
//!
//! The server is one of this program's own that sends the same bytes to both as fast as they are
//! taken, so that the client is what is measured; both are Rust, on one thread of their own, and
//! both end in Arrow record batches. They take turns, and the best of each counts.

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

const ROUNDS: usize = 5;
const QUERY: &str = "SELECT * FROM rows";

fn main() -> Result<(), Box<dyn Error>> {
    let rows: usize = std::env::args().nth(1).map_or(Ok(1_000_000), |rows| rows.parse())?;
    let port = server::start(rows)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (mut ours, mut theirs) = (Duration::MAX, Duration::MAX);
    for _ in 0..ROUNDS {
        let started = Instant::now();
        assert_eq!(runtime.block_on(read_ours(port))?, rows);
        ours = ours.min(started.elapsed());
        let started = Instant::now();
        assert_eq!(runtime.block_on(read_tiberius(port))?, rows);
        theirs = theirs.min(started.elapsed());
    }
    let speed = |taken: Duration| rows as f64 / taken.as_secs_f64() / 1e6;
    println!("{rows} rows of int, bigint, float, decimal(18,4), nvarchar(40)");
    println!("own decoder into Arrow   {:6.2} million rows/s", speed(ours));
    println!("tiberius rows into Arrow {:6.2} million rows/s", speed(theirs));
    println!("ratio                    {:6.2}", theirs.as_secs_f64() / ours.as_secs_f64());
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
