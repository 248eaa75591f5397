//! A controller over a real Docker engine, for tests.

use std::error::Error;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow_array::{Int32Array, RecordBatch};
use async_trait::async_trait;
use launchpod_controller::{
    Config, Controller, Expected, Failure, Image, Images, Input, Parts, Report, ScriptError,
    ScriptEvent, ScriptRequest, ScriptRun,
};
use launchpod_exchange::storage;
use launchpod_sandbox::{self as sandbox, Docker};
use launchpod_types::{Column, ExternalPool, Identity, Message, SqlError, SqlType, Value};
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// A controller with an instance and a run folder of its own.
pub struct Bench {
    pub controller: Controller,
    instance: Uuid,
    _base: TempDir,
}

/// Everything that a script yielded.
#[derive(Debug, Default)]
pub struct Outcome {
    pub messages: Vec<Message>,
    pub columns: Option<Arc<[Column]>>,
    pub batches: Vec<RecordBatch>,
    pub outputs: Option<Vec<Value>>,
    pub report: Option<Report>,
    pub error: Option<ScriptError>,
}

struct TestImage;

#[async_trait]
impl Images for TestImage {
    async fn find(&self, _: &str) -> Result<Image, Box<dyn Error + Send + Sync>> {
        Ok(Image { id: image(), lock_hash: "none".to_owned() })
    }
}

/// The image under test, by its ID.
fn image() -> String {
    let name = std::env::var("LAUNCHPOD_TEST_IMAGE")
        .expect("LAUNCHPOD_TEST_IMAGE names a built worker image (launchpod image build python)");
    docker(&["image", "inspect", "--format", "{{.Id}}", &name]).trim().to_owned()
}

pub fn docker(arguments: &[&str]) -> String {
    let output = Command::new("docker").args(arguments).output().expect("the docker client");
    assert!(output.status.success(), "docker {arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

// === impl Bench ===

impl Bench {
    pub async fn new(config: Config) -> Self {
        // Short: a socket's path holds 108 bytes, whatever TMPDIR is.
        let base = tempfile::Builder::new().prefix("lp").tempdir_in("/tmp").unwrap();
        let instance = Uuid::new_v4();
        let backend = Docker::connect(sandbox::Config {
            run_folder: base.path().to_owned(),
            ..sandbox::Config::new(instance)
        });
        let backend = Arc::new(backend.await.expect("a Docker engine"));
        let controller = Controller::new(config, backend, Arc::new(TestImage), None);
        Bench { controller, instance, _base: base }
    }

    /// Runs a script to its end.
    pub async fn run(&self, request: ScriptRequest) -> Outcome {
        Outcome::of(self.controller.run(request)).await
    }

    /// The names of the instance's containers, whatever their state.
    pub fn containers(&self) -> Vec<String> {
        let filter = format!("label=launchpod.instance={}", self.instance);
        docker(&["ps", "-a", "--filter", &filter, "--format", "{{.Names}}"])
            .lines()
            .map(str::to_owned)
            .collect()
    }

    /// Waits until a worker's container runs, and gives its name.
    pub async fn running(&self) -> String {
        let limit = Instant::now() + Duration::from_secs(20);
        loop {
            if let Some(name) = self.containers().into_iter().next() {
                return name;
            }
            assert!(Instant::now() < limit, "no container");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Shuts down, and checks that nothing is left.
    pub async fn end(self) {
        self.controller.shutdown().await;
        assert_eq!(self.containers(), [""; 0], "containers are left");
    }
}

// === impl Outcome ===

impl Outcome {
    pub async fn of(mut run: ScriptRun) -> Self {
        let mut outcome = Outcome::default();
        while let Some(event) = run.next().await {
            match event {
                ScriptEvent::Message(message) => outcome.messages.push(message),
                ScriptEvent::Columns(columns) => outcome.columns = Some(columns),
                ScriptEvent::Batch(batch) => outcome.batches.push(batch),
                ScriptEvent::Outputs(values) => outcome.outputs = Some(values),
            }
        }
        match run.finish().await {
            Ok(report) => outcome.report = Some(report),
            Err(error) => outcome.error = Some(error),
        }
        outcome
    }

    pub fn expect_success(&self) -> &Report {
        match (&self.report, &self.error) {
            (Some(report), _) => report,
            (None, error) => panic!("{error:#?}, {:#?}", self.messages),
        }
    }

    /// The failure, the errors' numbers, and their texts together.
    pub fn expect_failure(&self) -> (Failure, Vec<i32>, String) {
        let error = self.error.as_ref().expect("a failure");
        let numbers = error.errors().iter().map(SqlError::number).collect();
        let texts: Vec<&str> = error.errors().iter().map(|error| error.0.text.as_str()).collect();
        (error.failure(), numbers, texts.join("\n"))
    }

    pub fn rows(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }

    /// The texts of the messages, without their headers.
    pub fn written(&self) -> Vec<&str> {
        self.messages.iter().map(|message| message.text.split_once('\n').unwrap().1).collect()
    }
}

/// A request without input, parameters or declared result.
pub fn script(script: &str) -> ScriptRequest {
    ScriptRequest {
        id: Uuid::new_v4(),
        identity: Identity { login: "sa".to_owned(), database: "master".to_owned() },
        language: "python".to_owned(),
        script: script.to_owned(),
        input: None,
        input_name: "InputDataSet".to_owned(),
        output_name: "OutputDataSet".to_owned(),
        parameters: Vec::new(),
        expected: Expected::Undefined,
        max_workers: 1,
        time_limit: None,
        pool: ExternalPool::default(),
        loopback: None,
        within_script: false,
        cancel: CancellationToken::new(),
    }
}

/// `count` batches of `rows` integers each in one column `n`, made as they are taken.
pub fn numbers(count: i32, rows: i32) -> Input {
    let columns: Arc<[Column]> = vec![Column::new("n", SqlType::Int)].into();
    let (sender, batches) = mpsc::channel(2);
    let schema = storage::schema(&columns);
    tokio::spawn(async move {
        for index in 0..count {
            let numbers = Int32Array::from_iter_values(index * rows..(index + 1) * rows);
            let batch = RecordBatch::try_new(schema.clone(), vec![Arc::new(numbers)]).unwrap();
            if sender.send(Ok(batch)).await.is_err() {
                return;
            }
        }
    });
    Input { columns, batches, parts: Parts::default() }
}
