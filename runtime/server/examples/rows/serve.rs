//! A server whose database has the answer to every query ready in memory.

#[path = "../../../session/tests/support/nobody.rs"]
mod nobody;

use std::error::Error;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use arrow_array::{ArrayRef, Decimal128Array, Float64Array, Int32Array, Int64Array, RecordBatch};
use async_trait::async_trait;
use launchpod_database::{
    Action, Called, Database, Event, Events, Execute, Login, ProcedureText, Session,
};
use launchpod_exchange::storage;
use launchpod_server::{CertificateFiles, EncryptionPolicy, Options, Server};
use launchpod_session::Instance;
use launchpod_session::configuration::Configuration;
use launchpod_tsql::ast::ObjectName;
use launchpod_types::{Column, Identity, SqlError, SqlType};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

pub const PASSWORD: &str = "measured";
/// Rows of a batch, as the embedded database makes them.
pub const BATCH: usize = 16 * 1024;
pub const BATCHES: usize = 128;

/// Lets anyone in.
struct Ready {
    columns: Arc<[Column]>,
    batch: RecordBatch,
}

struct ReadySession {
    columns: Arc<[Column]>,
    batch: RecordBatch,
}

/// Starts the server; it ends with the process.
pub async fn start(folder: &Path) -> Result<SocketAddr, Box<dyn Error>> {
    let configuration = Configuration::open(&folder.join("options.json"))?;
    let instance = Arc::new(Instance::new(configuration, nobody::controller()));
    let options = Options {
        name: "measured".to_owned(),
        encryption: EncryptionPolicy::Supported,
        tls: CertificateFiles::self_signed(folder)?.configuration()?,
        grace: Duration::ZERO,
    };
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let server = Server::new(options, instance, Arc::new(Ready::new()?));
    tokio::spawn(server.serve(listener, CancellationToken::new()));
    Ok(address)
}

// === impl Ready ===

impl Ready {
    fn new() -> Result<Self, Box<dyn Error>> {
        let decimal = SqlType::Decimal { precision: 9, scale: 2 };
        let columns: Arc<[Column]> = [
            Column::new("a", SqlType::Int),
            Column::new("b", SqlType::BigInt),
            Column::new("c", SqlType::Float),
            Column::new("d", decimal),
        ]
        .into();
        let numbers = 0..BATCH as i32;
        let decimals = Decimal128Array::from_iter_values(numbers.clone().map(i128::from));
        let arrays: Vec<ArrayRef> = vec![
            Arc::new(Int32Array::from_iter_values(numbers.clone())),
            Arc::new(Int64Array::from_iter_values(numbers.clone().map(i64::from))),
            Arc::new(Float64Array::from_iter_values(numbers.map(f64::from))),
            Arc::new(decimals.with_data_type(storage::data_type(decimal))),
        ];
        let batch = RecordBatch::try_new(storage::schema(&columns), arrays)?;
        Ok(Ready { columns, batch })
    }
}

#[async_trait]
impl Database for Ready {
    async fn login(&self, _: Login) -> Result<Box<dyn Session>, SqlError> {
        let (columns, batch) = (Arc::clone(&self.columns), self.batch.clone());
        Ok(Box::new(ReadySession { columns, batch }))
    }
}

// === impl ReadySession ===

#[async_trait]
impl Session for ReadySession {
    fn identity(&self) -> Identity {
        Identity { login: "sa".to_owned(), database: "master".to_owned() }
    }

    fn execute(&mut self, _: Execute, _: CancellationToken) -> Events {
        let (sender, events) = mpsc::channel(launchpod_database::EVENTS_IN_FLIGHT);
        let (columns, batch) = (Arc::clone(&self.columns), self.batch.clone());
        tokio::spawn(async move {
            let rows = std::iter::repeat_n(Event::Batch(batch), BATCHES);
            for event in std::iter::once(Event::Columns(columns)).chain(rows) {
                if sender.send(Ok(event)).await.is_err() {
                    return;
                }
            }
        });
        events
    }

    fn insert(&mut self, execute: Execute, _: Events, cancel: CancellationToken) -> Events {
        self.execute(execute, cancel)
    }

    async fn procedure(&mut self, _: &ObjectName) -> Result<Option<ProcedureText>, SqlError> {
        Ok(None)
    }

    async fn enter(&mut self, _: Called) -> Result<(), SqlError> {
        Ok(())
    }

    fn leave(&mut self) {}

    async fn permit(&mut self, _: Action) -> Result<(), SqlError> {
        Ok(())
    }

    fn reset(&mut self) {}
}
