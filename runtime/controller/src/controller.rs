//! The controller: from request to worker, and the end of both.

use std::sync::Arc;
use std::time::Instant;

use launchpod_history::{Admitted, History};
use launchpod_sandbox::{Backend, Limits, Network, SandboxError, WorkerSpec};
use launchpod_types::{ExternalPool, Identity};
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{Instrument, info, info_span, warn};
use uuid::Uuid;

use crate::accounts::Accounts;
use crate::audit::{self, hexadecimal};
use crate::config::{Config, Images, Language};
use crate::error::{Ending, Failure, ScriptError};
use crate::leaving::Leaving;
use crate::messages::Subject;
use crate::pools::{Allotment, Pools};
use crate::progress::Progress;
use crate::report::{Report, Stage};
use crate::request::ScriptRequest;
use crate::run::{RunSender, ScriptEvent, ScriptRun};
use crate::team::{Order, Plan};

/// Runs external scripts.
pub struct Controller {
    shared: Arc<Shared>,
}

struct Shared {
    config: Config,
    backend: Arc<dyn Backend>,
    images: Arc<dyn Images>,
    accounts: Accounts,
    pools: Pools,
    history: Option<History>,
    /// Keeps the labels' identity hashes from being found by trying names.
    salt: Uuid,
    tasks: TaskTracker,
    stopping: CancellationToken,
}

// === impl Controller ===

impl Controller {
    /// A controller that makes its workers with `backend` from the images that `images` finds,
    /// and records every request in `history`.
    pub fn new(
        config: Config,
        backend: Arc<dyn Backend>,
        images: Arc<dyn Images>,
        history: Option<History>,
    ) -> Self {
        let accounts = Accounts::new(config.admission);
        let pools = Pools::new(config.admission);
        let shared = Shared {
            config,
            backend,
            images,
            accounts,
            pools,
            history,
            salt: Uuid::new_v4(),
            tasks: TaskTracker::new(),
            stopping: CancellationToken::new(),
        };
        Controller { shared: Arc::new(shared) }
    }

    /// Whether every language's workers can be had, as far as that is known without making one.
    ///
    /// # Errors
    /// Why those of one of them can't, whatever its image.
    pub fn check(&self) -> Result<(), SandboxError> {
        let Shared { config, backend, .. } = &*self.shared;
        config.limits.check()?;
        let image = String::new;
        config.languages.iter().try_for_each(|language| {
            let network = language.network.clone();
            backend.check(&self.shared.spec(language, image(), config.limits, network))
        })
    }

    /// Starts a script. Everything that goes wrong, goes wrong in the [`ScriptRun`].
    ///
    /// Must be called within a Tokio runtime.
    pub fn run(&self, request: ScriptRequest) -> ScriptRun {
        let cancel = request.cancel.child_token();
        let (sender, run) = ScriptRun::new(cancel.clone());
        let span = info_span!("script", request = %request.id);
        let shared = Arc::clone(&self.shared);
        self.shared.tasks.spawn(shared.run(request, cancel, sender).instrument(span));
        run
    }

    /// Begins to make workers ahead for every language, in the background.
    ///
    /// Must be called within a Tokio runtime.
    pub fn warm(&self) {
        let shared = Arc::clone(&self.shared);
        self.shared.tasks.spawn(async move {
            let stopping = shared.stopping.clone();
            tokio::select! {
                () = shared.warm() => {}
                () = stopping.cancelled() => {}
            }
        });
    }

    /// Whether a language of that name is configured, and its name as messages show it.
    pub fn language(&self, name: &str) -> Option<&str> {
        self.shared.config.language(name).map(|language| language.name.as_str())
    }

    /// Counts a login without a password, by a connection that a script has made.
    pub async fn note_implied_login(&self) {
        if let Some(history) = &self.shared.history {
            history.implied_login().await;
        }
    }

    /// Changes how many identities may run scripts at once; `None` for what the configuration
    /// says. Who runs, runs on.
    pub fn set_worker_accounts(&self, accounts: Option<u32>) {
        let accounts = accounts.unwrap_or(self.shared.config.admission.accounts);
        self.shared.accounts.set_accounts(accounts);
    }

    /// Cancels what runs, ends every worker, and waits until nothing of them is left.
    pub async fn shutdown(&self) {
        self.shared.stopping.cancel();
        self.shared.tasks.close();
        self.shared.tasks.wait().await;
        self.shared.backend.shutdown().await;
        if let Some(history) = &self.shared.history {
            history.close();
        }
    }
}

// === impl Shared ===

impl Shared {
    async fn run(
        self: Arc<Self>,
        request: ScriptRequest,
        cancel: CancellationToken,
        sender: RunSender,
    ) {
        let RunSender { events, outcome } = sender;
        let declared = request.expected.declared();
        let mut progress = Progress::new(&request, self.config.caps.outbound_bytes);
        if let Some(history) = &self.history {
            history.begun(audit::begun(&request, self.config.keeps_scripts)).await;
        }
        let leaving = Leaving::default();
        let cancelled = async {
            tokio::select! {
                () = cancel.cancelled() => {}
                () = self.stopping.cancelled() => {}
            }
            leaving.begin().await;
        };
        let result = tokio::select! {
            biased;
            () = cancelled => Err(Ending::cancelled()),
            result = self.advance(request, &mut progress, &events, &leaving) => result,
        };
        let sets_sent = progress.sets_sent;
        let report = progress.end();
        let result = match result {
            Ok(()) => Ok(report),
            Err(ending) => {
                Err(ScriptError::new(ending.with_missing_sets(declared, sets_sent), report))
            }
        };
        log(&result);
        if let Some(history) = &self.history {
            history.ended(audit::ended(&result)).await;
        }
        // The stream of events ends before the outcome is known to its reader.
        drop(events);
        // Who asked may have gone.
        let _ = outcome.send(result);
    }

    /// From admission to the end of the script.
    async fn advance(
        &self,
        request: ScriptRequest,
        progress: &mut Progress,
        events: &mpsc::Sender<ScriptEvent>,
        leaving: &Leaving,
    ) -> Result<(), Ending> {
        let id = request.id;
        let typed = Subject { language: &request.language, request: id, allotment: None };
        let Some(language) = self.config.language(&request.language) else {
            return Err(Ending::refused(typed.unknown_language()));
        };
        let allotment = Allotment::new(&request.pool, &self.config);
        let subject =
            Subject { language: &language.name, request: id, allotment: Some(&allotment) };
        progress.report.language.clone_from(&language.name);
        progress.report.environment.clone_from(&language.environment);

        let identity = request.identity.clone();
        let within_script = request.within_script;
        let room = self.pools.room(&request.pool, &allotment);
        let network = self.config.network(language, &request.pool.name);
        let mut plan = Plan::new(subject, &self.config, &network, request, &progress.outbound)?;
        // The pool first: who waits for it holds nothing that others wait for. What has been waited
        // for it isn't waited again for the account.
        let (wait, came) = (self.config.admission.wait, Instant::now());
        let seat = match within_script {
            false => room.take(&identity, wait).await,
            true => room.take_now(&identity),
        };
        let _seat = seat.map_err(|busy| subject.pool_is_full(&allotment, busy))?;
        let place = match within_script {
            false => self.accounts.take(&identity, wait.saturating_sub(came.elapsed())).await,
            true => self.accounts.take_now(&identity),
        };
        let place = place.map_err(|busy| subject.busy(busy))?;
        // Further ones only as they are free: waiting for them while holding one could last
        // for ever.
        let seats = room.take_free(&identity, plan.worth(subject).await? - 1);
        let further = self.accounts.take_free(&identity, seats.len());
        if let Some(history) = &self.history {
            let workers = 1 + u32::try_from(further.len()).unwrap_or(u32::MAX);
            let (request, account) = (id, place.account());
            history.admitted(Admitted { request, account, workers }).await;
        }
        let image = self
            .images
            .find(&language.environment)
            .await
            .map_err(|error| subject.launch(&error.to_string()))?;
        progress.report.image_id.clone_from(&image.id);
        progress.report.lock_hash = image.lock_hash;
        progress.reached(Stage::Admit);

        let spec = self.spec(language, image.id, allotment.limits, network);
        let identity = self.identity_hash(&identity);
        let order = Order { spec, workers: 1 + further.len(), identity, room: &room, leaving };
        plan.run(subject, &self.config, &*self.backend, order, progress, events).await
    }

    fn spec(
        &self,
        language: &Language,
        image: String,
        limits: Limits,
        network: Network,
    ) -> WorkerSpec {
        WorkerSpec {
            image,
            command: language.command.clone(),
            runtime: language.runtime.clone(),
            user_namespace: language.user_namespace,
            network,
            limits,
        }
    }

    /// Has workers made ahead, where the backend does that.
    async fn warm(&self) {
        for language in &self.config.languages {
            match self.images.find(&language.environment).await {
                Ok(image) => {
                    let network = self.config.network(language, ExternalPool::DEFAULT_NAME);
                    let spec = self.spec(language, image.id, self.config.limits, network);
                    self.backend.prepare(&spec);
                }
                Err(error) => warn!(language = language.name, %error, "can't make workers ahead"),
            }
        }
    }

    fn identity_hash(&self, identity: &Identity) -> String {
        let mut hash = Sha256::new();
        hash.update(self.salt.as_bytes());
        // A length first: two identities never spell the same bytes.
        hash.update((identity.login.len() as u64).to_le_bytes());
        hash.update(&identity.login);
        hash.update(&identity.database);
        hexadecimal(&hash.finalize()[..16])
    }
}

fn log(result: &Result<Report, ScriptError>) {
    let (report, outcome) = match result {
        Ok(report) => (report, "succeeded"),
        Err(error) => (error.report(), error.failure().name()),
    };
    let first_error = result.as_ref().err().and_then(|error| error.errors().first());
    info!(
        outcome,
        error = first_error.map(|error| error.number()),
        language = ?report.language,
        image = report.image_id,
        lock = report.lock_hash,
        container = report.container_name,
        rows_in = report.rows_in,
        rows_out = report.rows_out,
        total_ms = report.took.as_millis() as u64,
        stages_ms = %report.stages,
        "external script ended"
    );
    if let Err(error) = result
        && error.failure() == Failure::Internal
    {
        warn!(errors = ?error.errors(), "external script met an error of the server");
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error;
    use std::time::Duration;

    use async_trait::async_trait;
    use launchpod_history::Bounds;
    use launchpod_sandbox::Worker;
    use tokio::sync::Notify;
    use tokio::task::yield_now;
    use tokio::time::sleep;

    use super::*;
    use crate::accounts::Admission;
    use crate::config::Image;

    /// Makes no worker, ever, and tells when it is asked for one.
    #[derive(Default)]
    struct Never(Notify);

    #[async_trait]
    impl Backend for Never {
        async fn acquire(&self, _spec: &WorkerSpec) -> Result<Worker, SandboxError> {
            self.0.notify_one();
            std::future::pending().await
        }

        fn idle_memory(&self) -> u64 {
            0
        }

        async fn shutdown(&self) {}
    }

    #[async_trait]
    impl Images for Never {
        async fn find(&self, _environment: &str) -> Result<Image, Box<dyn Error + Send + Sync>> {
            Ok(Image { id: "sha256:0".to_owned(), lock_hash: String::new() })
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_cancelled_request_is_remembered_with_its_whole_time() {
        let folder = tempfile::tempdir().unwrap();
        let history = History::open(folder.path(), Bounds::default()).unwrap();
        let never = Arc::new(Never::default());
        let controller =
            Controller::new(Config::default(), never.clone(), never.clone(), Some(history));
        let request = ScriptRequest::example();
        let cancel = request.cancel.clone();
        let run = controller.run(request);
        never.0.notified().await;
        let span = Duration::from_millis(50);
        sleep(span).await;
        cancel.cancel();
        let error = run.finish().await.unwrap_err();
        assert_eq!(error.failure(), Failure::Cancelled);
        let waited = error.report().stages.get(Stage::Create);
        controller.shutdown().await;
        let row = launchpod_history::recent(folder.path(), 1).unwrap().remove(0);
        assert_eq!(row.outcome, "cancelled");
        assert!(row.took >= span, "{:?}", row.took);
        assert!(waited.is_some_and(|waited| waited >= span), "{waited:?}");
    }

    /// A request in a pool, when its task has come as far as it can.
    async fn begin(controller: &Controller, pool: &ExternalPool) -> (ScriptRun, CancellationToken) {
        let request = ScriptRequest { pool: pool.clone(), ..ScriptRequest::example() };
        let cancel = request.cancel.clone();
        let run = controller.run(request);
        yield_now().await;
        (run, cancel)
    }

    #[tokio::test]
    async fn a_request_waits_for_pool_and_account_no_longer_than_for_one() {
        let never = Arc::new(Never::default());
        let admission =
            Admission { workers: 1, wait: Duration::from_secs(2), ..Admission::default() };
        let config = Config { admission, memory: 1 << 30, ..Config::default() };
        let controller = Controller::new(config, never.clone(), never, None);
        let whole = ExternalPool::default();
        // With room for one worker.
        let small = ExternalPool { id: 256, max_memory_percent: 50, ..ExternalPool::default() };
        let (_running, end) = begin(&controller, &small).await;
        let (both, _) = begin(&controller, &small).await;
        let (_next, _) = begin(&controller, &whole).await;
        sleep(Duration::from_millis(100)).await;
        let (later, _) = begin(&controller, &whole).await;
        sleep(Duration::from_millis(100)).await;
        // The one worker is the next one's now, and the first of them waits for it, behind the last.
        end.cancel();
        let error = tokio::select! {
            biased;
            ended = both.finish() => ended.unwrap_err(),
            ended = later.finish() => panic!("who came later has ended first: {ended:?}"),
        };
        assert_eq!(error.errors()[0].number(), 39108);
        let said = &error.errors()[1].0.text;
        assert!(said.contains("workers in the configuration"), "{said}");
    }
}
