//! Whole batches, read and run: a session on an embedded database, without workers.
//!
//! A panic on a session's thread counts, too: libFuzzer's hook ends the process before the session
//! could catch it.
#![no_main]

#[path = "../../../runtime/session/tests/support/nobody.rs"]
mod nobody;
mod tokens;

use std::cell::RefCell;
use std::fs::File;
use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use launchpod_database::sqlite::{Embedded, Options};
use launchpod_database::{Client, Login, Secret};
use launchpod_session::configuration::Configuration;
use launchpod_session::{Instance, REPLIES_IN_FLIGHT, Session};
use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

/// How long a batch runs before its client cancels it, since a loop without end is T-SQL. That it
/// then ends at once is what libFuzzer's own limit, of seconds, checks.
const PATIENCE: Duration = Duration::from_millis(300);
/// How many batches share a database: what they have made is there for the next, and not for ever.
const SHARED: u32 = 200;

/// A database, and what it has seen.
struct Server {
    runtime: Runtime,
    database: Embedded,
    instance: Arc<Instance>,
    batches: u32,
    /// All its batches: a failure may need what those before it have made. The folder is left
    /// behind when the process ends by a failure.
    seen: File,
    _folder: tempfile::TempDir,
}

// === impl Server ===

impl Server {
    fn new() -> Server {
        // A file in memory: nothing here is to survive.
        let folder = tempfile::Builder::new().prefix("launchpod-fuzz-").tempdir_in("/dev/shm");
        let folder = folder.expect("a folder");
        let seen = File::create(folder.path().join("seen.sql")).expect("a file");
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let database = Embedded::open(folder.path(), Options::default()).expect("a database");
        let configuration =
            Configuration::open(&folder.path().join("options.json")).expect("the options");
        let instance = Arc::new(Instance::new(configuration, nobody::controller()));
        Server { runtime, database, instance, batches: 0, seen, _folder: folder }
    }

    /// Runs a batch in a session of its own, and takes what it answers.
    fn run(&mut self, text: &str) {
        self.batches += 1;
        write!(self.seen, "{text}\nGO\n").expect("the file");
        let login = Login {
            user: "sa".into(),
            password: Secret::new(""),
            new_password: None,
            database: String::new(),
            spid: 51,
            program: "fuzz".into(),
            host: "here".into(),
            client: Client::default(),
        };
        self.runtime.block_on(async {
            let session = self.database.local_session(login).expect("a session");
            let mut session = Session::new(Arc::clone(&self.instance), session);
            let (replies, mut received) = tokio::sync::mpsc::channel(REPLIES_IN_FLIGHT);
            let cancel = CancellationToken::new();
            let impatient = cancel.clone();
            let timer = tokio::spawn(async move {
                tokio::time::sleep(PATIENCE).await;
                impatient.cancel();
            });
            let running = async {
                session.batch(text, &replies, &cancel).await;
                drop(replies);
            };
            let listening = async { while received.recv().await.is_some() {} };
            tokio::join!(running, listening);
            timer.abort();
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

// Three changes of four are of words, one of bytes.
fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    match std::str::from_utf8(&data[..size]) {
        Ok(text) if seed % 4 != 0 => {
            let changed = tokens::mutate(text, seed / 4);
            let end = changed.floor_char_boundary(max_size);
            data[..end].copy_from_slice(&changed.as_bytes()[..end]);
            end
        }
        _ => fuzzer_mutate(data, size, max_size),
    }
});
