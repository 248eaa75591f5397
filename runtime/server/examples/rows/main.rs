//! Measures how fast record batches become rows that a client reads: four numeric columns, ready
//! in memory, through a real server to a socket that only discards them, and to the client
//! tiberius. The same bytes, replayed to tiberius from memory, are that client's own speed. Run
//! with `cargo run --release -p launchpod-server --example rows`.

mod replay;
mod serve;

use std::error::Error;
use std::net::SocketAddr;
use std::time::Instant;

use futures_util::TryStreamExt as _;
use tiberius::{AuthMethod, Client, Config, EncryptionLevel, QueryItem};
use tokio::net::TcpStream;
use tokio_util::compat::TokioAsyncWriteCompatExt as _;

use replay::Recording;
use serve::{BATCH, BATCHES, PASSWORD};

const ROWS: usize = BATCH * BATCHES;
const RUNS: usize = 5;
const QUERY: &str = "SELECT a, b, c, d FROM t";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let server = serve::start(folder.path()).await?;
    let recording = Recording::of(server, read).await?;
    let mut served = Seconds::default();
    let mut replayed = Seconds::default();
    let mut discarded = Seconds::default();
    // In turns, so that what else the machine does harms all alike.
    for _ in 0..RUNS {
        discarded.note(recording.drain(server).await?);
        served.note(read(server).await?);
        replayed.note(read(recording.serve().await?).await?);
    }
    println!("{:>9.0} rows/s  encoded and discarded", discarded.rate());
    println!("{:>9.0} rows/s  encoded and read by tiberius", served.rate());
    println!("{:>9.0} rows/s  replayed and read by tiberius", replayed.rate());
    println!("{:>9.2}  of the client's own time", served.best / replayed.best);
    Ok(())
}

/// Connects tiberius and reads all rows; how many seconds the rows took.
async fn read(address: SocketAddr) -> Result<f64, Box<dyn Error>> {
    let mut config = Config::new();
    config.host("127.0.0.1");
    config.port(address.port());
    config.authentication(AuthMethod::sql_server("sa", PASSWORD));
    config.encryption(EncryptionLevel::NotSupported);
    let socket = TcpStream::connect(address).await?;
    socket.set_nodelay(true)?;
    let mut client = Client::connect(config, socket.compat_write()).await?;
    let began = Instant::now();
    let mut rows = 0;
    let mut stream = client.simple_query(QUERY).await?;
    while let Some(item) = stream.try_next().await? {
        rows += usize::from(matches!(item, QueryItem::Row(_)));
    }
    assert_eq!(rows, ROWS);
    Ok(began.elapsed().as_secs_f64())
}

/// The best of several runs.
struct Seconds {
    best: f64,
}

// === impl Seconds ===

impl Default for Seconds {
    fn default() -> Self {
        Seconds { best: f64::INFINITY }
    }
}

impl Seconds {
    fn note(&mut self, seconds: f64) {
        self.best = self.best.min(seconds);
    }

    fn rate(&self) -> f64 {
        ROWS as f64 / self.best
    }
}
