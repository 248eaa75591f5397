//! Whole batches, read and run: a session on an embedded database, without workers.
#![no_main]

use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

use launchpod_controller::{Config, Controller, Image, Images};
use launchpod_database::sqlite::{Embedded, Options};
use launchpod_database::{Login, Secret};
use launchpod_sandbox::{Backend, SandboxError, Worker, WorkerSpec};
use launchpod_session::configuration::Configuration;
use launchpod_session::{Instance, Session};
use libfuzzer_sys::fuzz_target;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

/// How long a batch runs before its client cancels it: a loop without end is T-SQL.
const PATIENCE: Duration = Duration::from_millis(300);
/// How many batches share a database: what they have made is there for the next, and not for ever.
const SHARED: u32 = 500;

/// Makes no workers.
struct Nobody;

#[async_trait::async_trait]
impl Backend for Nobody {
    async fn acquire(&self, _: WorkerSpec) -> Result<Worker, SandboxError> {
        Err(SandboxError::Abandoned)
    }

    async fn shutdown(&self) {}
}

#[async_trait::async_trait]
impl Images for Nobody {
    async fn find(&self, _: &str) -> Result<Image, Box<dyn std::error::Error + Send + Sync>> {
        Err("there are no images".into())
    }
}

/// A database, and how many batches it has seen.
struct Server {
    runtime: Runtime,
    database: Embedded,
    instance: Arc<Instance>,
    batches: u32,
    _folder: tempfile::TempDir,
}

impl Server {
    fn new() -> Server {
        // A file in memory: nothing here is to survive.
        let folder = tempfile::tempdir_in("/dev/shm").expect("a folder");
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("a runtime");
        let database = Embedded::open(folder.path(), Options::default()).expect("a database");
        let configuration =
            Configuration::open(&folder.path().join("options.json")).expect("the options");
        let controller = Controller::new(Config::default(), Arc::new(Nobody), Arc::new(Nobody));
        let instance = Arc::new(Instance::new(configuration, Arc::new(controller)));
        Server { runtime, database, instance, batches: 0, _folder: folder }
    }

    fn run(&mut self, text: &str) {
        self.batches += 1;
        let login = Login {
            user: "sa".into(),
            password: Secret::new(""),
            database: String::new(),
            spid: 51,
            program: "fuzz".into(),
            host: "here".into(),
        };
        self.runtime.block_on(async {
            let session = self.database.local_session(login).expect("a session");
            let mut session = Session::new(Arc::clone(&self.instance), session);
            let (replies, mut received) = tokio::sync::mpsc::channel(4);
            let cancel = CancellationToken::new();
            let listening = async move { while received.recv().await.is_some() {} };
            let running = async {
                session.batch(text, &replies, &cancel).await;
                drop(replies);
            };
            let impatient = async {
                tokio::time::sleep(PATIENCE).await;
                cancel.cancel();
            };
            tokio::select! {
                _ = async { tokio::join!(running, listening) } => {}
                () = async { impatient.await; std::future::pending().await } => {}
            }
        });
    }
}

thread_local! {
    static SERVER: RefCell<Option<Server>> = const { RefCell::new(None) };
}

fuzz_target!(|text: &str| {
    SERVER.with_borrow_mut(|server| {
        if server.as_ref().is_some_and(|server| server.batches >= SHARED) {
            *server = None;
        }
        server.get_or_insert_with(Server::new).run(text);
    });
});
