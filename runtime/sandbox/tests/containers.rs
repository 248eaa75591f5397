//! Workers as real containers. Needs a Docker engine, and `LAUNCHPOD_TEST_IMAGE`: the name or ID
//! of a built worker image.

#![allow(clippy::unwrap_used)] // A step that fails is a failed test.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use launchpod_protocol::control::{FromSupervisor, ToSupervisor};
use launchpod_sandbox::doctor::{self, State};
use launchpod_sandbox::{
    Backend, Channel, Config, Docker, EngineError, FastConfig, Limits, Network, Preference,
    SandboxError, UserNamespace, Worker, WorkerSpec,
};
use tempfile::TempDir;
use tokio::time::{sleep, timeout};
use uuid::Uuid;

/// An instance of its own, with its run folder.
struct Instance {
    id: Uuid,
    base: TempDir,
}

impl Instance {
    fn new() -> Self {
        // Short: a socket's path holds 108 bytes, whatever TMPDIR is.
        let base = tempfile::Builder::new().prefix("lp").tempdir_in("/tmp").unwrap();
        Instance { id: Uuid::new_v4(), base }
    }

    fn config(&self) -> Config {
        Config { run_folder: self.base.path().to_owned(), ..Config::new(self.id) }
    }

    async fn connect(&self) -> Docker {
        Docker::connect(self.config()).await.expect("a Docker engine")
    }

    /// The names of the instance's containers, whatever their state.
    fn containers(&self) -> Vec<String> {
        let filter = format!("label=launchpod.instance={}", self.id);
        docker(&["ps", "-a", "--filter", &filter, "--format", "{{.Names}}"])
            .lines()
            .map(str::to_owned)
            .collect()
    }

    /// Waits until none is left.
    async fn gone(&self) {
        let limit = Instant::now() + Duration::from_secs(10);
        while !self.containers().is_empty() {
            assert!(Instant::now() < limit, "left: {:?}", self.containers());
            sleep(Duration::from_millis(100)).await;
        }
    }

    fn run_folders(&self) -> usize {
        let folder = self.base.path().join(&self.id.simple().to_string()[..8]);
        let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
        entries.filter(|e| e.as_ref().unwrap().path().is_dir()).count()
    }
}

fn docker(arguments: &[&str]) -> String {
    let output = Command::new("docker").args(arguments).output().expect("the docker client");
    assert!(output.status.success(), "docker {arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The image under test, by its ID.
fn image() -> String {
    let name = std::env::var("LAUNCHPOD_TEST_IMAGE")
        .expect("LAUNCHPOD_TEST_IMAGE names a built worker image (launchpod image build python)");
    docker(&["image", "inspect", "--format", "{{.Id}}", &name]).trim().to_owned()
}

fn spec() -> WorkerSpec {
    let network = Network { loopback: true, outbound: None };
    WorkerSpec {
        image: image(),
        command: None,
        runtime: None,
        user_namespace: UserNamespace::Engine,
        limits: Limits::default(),
        network,
    }
}

/// What `docker inspect` says, by a Go template.
fn inspect(worker: &Worker, template: &str) -> String {
    docker(&["inspect", "--format", template, &worker.container.name]).trim().to_owned()
}

async fn closed(channel: &mut Channel) -> bool {
    let end = async { while let Ok(Some(_)) = channel.receive().await {} };
    timeout(Duration::from_secs(5), end).await.is_ok()
}

#[tokio::test]
async fn a_worker_gets_ready_and_is_gone_when_dropped() {
    let instance = Instance::new();
    let backend = instance.connect().await;
    let worker = backend.acquire(&spec()).await.unwrap();
    eprintln!("{:?}", worker.startup);
    assert!(worker.ready.runtime.starts_with("Python 3"), "{}", worker.ready.runtime);
    assert_eq!(instance.containers().join(","), worker.container.name);
    assert_eq!(inspect(&worker, "{{.Id}}"), worker.container.id);
    let label = inspect(&worker, r#"{{index .Config.Labels "launchpod.instance"}}"#);
    assert_eq!(label, instance.id.to_string());
    assert_eq!(instance.run_folders(), 1);
    drop(worker);
    instance.gone().await;
    backend.shutdown().await;
    assert_eq!(instance.run_folders(), 0);
}

#[tokio::test]
async fn what_a_worker_may_is_what_the_profile_says() {
    let instance = Instance::new();
    let backend = instance.connect().await;
    let slow = Limits { millicpus: Some(1500), ..Limits::default() };
    let (one, two) = (
        backend.acquire(&spec()).await.unwrap(),
        backend.acquire(&WorkerSpec { limits: slow, ..spec() }).await.unwrap(),
    );
    assert_eq!(inspect(&two, "{{.HostConfig.NanoCpus}}"), "1500000000");
    // As the kernel sees it: the profile as asked for is tested beside it.
    let pid = inspect(&one, "{{.State.Pid}}");
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let field = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_once(':').unwrap().1.trim().to_owned()
    };
    for capabilities in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
        assert_eq!(field(capabilities), "0000000000000000", "{capabilities}");
    }
    assert_eq!(field("NoNewPrivs"), "1");
    assert_eq!(field("Seccomp"), "2");
    let uids: Vec<String> = [&one, &two].map(|worker| inspect(worker, "{{.Config.User}}")).into();
    assert_ne!(uids[0], uids[1]);
    assert!(field("Uid").starts_with(uids[0].split(':').next().unwrap()));
    assert_eq!(inspect(&one, "{{.HostConfig.NetworkMode}}"), "none");
    assert_eq!(inspect(&one, "{{.HostConfig.ReadonlyRootfs}}"), "true");
    assert_eq!(inspect(&one, "{{.HostConfig.Memory}}"), Limits::default().memory.to_string());
    assert_eq!(inspect(&one, "{{.HostConfig.MemorySwap}}"), Limits::default().memory.to_string());
    assert_eq!(inspect(&one, "{{len .Mounts}}"), "1");
    let mounts = std::fs::read_to_string(format!("/proc/{pid}/mountinfo")).unwrap();
    let root = mounts.lines().find(|line| line.split(' ').nth(4) == Some("/")).unwrap();
    assert!(root.split(' ').nth(5).unwrap().split(',').any(|option| option == "ro"), "{root}");
    // Socket and token are gone before any script runs.
    let folder = inspect(&one, "{{(index .Mounts 0).Source}}");
    assert_eq!(std::fs::read_dir(Path::new(&folder)).unwrap().count(), 0);
    drop((one, two));
    backend.shutdown().await;
    assert!(instance.containers().is_empty());
}

#[tokio::test]
async fn killing_by_any_way_closes_the_connections() {
    let instance = Instance::new();
    let backend = instance.connect().await;

    let mut worker = backend.acquire(&spec()).await.unwrap();
    docker(&["kill", &worker.container.name]);
    assert!(closed(&mut worker.control).await && closed(&mut worker.data).await);
    let fate = *worker.fate.wait_for(|fate| fate.ended()).await.unwrap();
    assert_eq!(fate.exit_code, Some(137));
    drop(worker);

    let mut worker = backend.acquire(&spec()).await.unwrap();
    drop(worker.lease);
    assert!(closed(&mut worker.control).await && closed(&mut worker.data).await);

    let worker = backend.acquire(&spec()).await.unwrap();
    let (mut from, mut to) = worker.control.split();
    let mut kill = Vec::new();
    ToSupervisor::Kill.encode(&mut kill).unwrap();
    to.send(&kill).await.unwrap();
    let last = loop {
        match from.receive().await.unwrap() {
            Some(frame) => match FromSupervisor::read(frame).unwrap() {
                FromSupervisor::Exited(exited) => break exited,
                _ => continue,
            },
            None => panic!("no EXITED"),
        }
    };
    assert_eq!(last.signal, Some(9));
    backend.shutdown().await;
    assert!(instance.containers().is_empty());
}

#[tokio::test]
async fn what_an_earlier_controller_left_is_swept() {
    let instance = Instance::new();
    let other = Instance::new();
    let label = |id: Uuid| format!("launchpod.instance={id}");
    let image = image();
    // As a controller leaves them that is killed between create and start.
    for owner in [&instance, &other] {
        docker(&["create", "--label", &label(owner.id), &image]);
    }
    let left = instance.base.path().join(&instance.id.simple().to_string()[..8]).join("left");
    std::fs::create_dir_all(&left).unwrap();

    let backend = instance.connect().await;
    assert!(instance.containers().is_empty());
    assert!(!left.exists());
    assert_eq!(other.containers().len(), 1, "another instance's containers are not ours");
    let second = Docker::connect(instance.config()).await;
    assert!(matches!(second, Err(SandboxError::RunFolder(_))), "one controller per instance");
    drop(backend);
    other.connect().await;
    assert!(other.containers().is_empty());
}

#[tokio::test]
async fn a_worker_does_not_outlive_a_controller_that_is_killed() {
    if let Ok(instance) = std::env::var("VICTIM_INSTANCE") {
        return be_the_victim(&instance).await;
    }
    let instance = Instance::new();
    let mut victim = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_worker_does_not_outlive_a_controller_that_is_killed"])
        .env("VICTIM_INSTANCE", instance.id.to_string())
        .env("VICTIM_RUN_FOLDER", instance.base.path())
        .spawn()
        .unwrap();
    let ready = instance.base.path().join("ready");
    let limit = Instant::now() + Duration::from_secs(20);
    while !ready.exists() {
        assert!(Instant::now() < limit && victim.try_wait().unwrap().is_none());
        sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(instance.containers().len(), 1);
    victim.kill().unwrap();
    victim.wait().unwrap();
    instance.gone().await;
    assert_eq!(instance.run_folders(), 1);
    let _backend = instance.connect().await;
    assert_eq!(instance.run_folders(), 0);
}

/// The controller that the test above kills: the test itself in a process of its own.
async fn be_the_victim(instance: &str) {
    let instance = Uuid::parse_str(instance).unwrap();
    let base = std::env::var("VICTIM_RUN_FOLDER").unwrap();
    let config = Config { run_folder: base.clone().into(), ..Config::new(instance) };
    let backend = Docker::connect(config).await.unwrap();
    let _worker = backend.acquire(&spec()).await.unwrap();
    std::fs::write(Path::new(&base).join("ready"), "").unwrap();
    sleep(Duration::from_secs(60)).await;
}

#[tokio::test]
async fn an_unknown_image_is_named_with_the_way_out() {
    let instance = Instance::new();
    let backend = instance.connect().await;
    let image = format!("sha256:{}", "0".repeat(64));
    let error =
        backend.acquire(&WorkerSpec { image: image.clone(), ..spec() }).await.err().unwrap();
    assert!(matches!(&error, SandboxError::Engine(EngineError::NoImage(name)) if *name == image));
    assert!(error.explain().contains("launchpod image build"), "{}", error.explain());
    backend.shutdown().await;
    assert_eq!(instance.run_folders(), 0);
}

#[tokio::test]
async fn a_worker_that_dies_or_never_connects_is_told_apart() {
    let instance = Instance::new();
    let backend = instance.connect().await;
    let command = |command: &[&str]| Some(command.iter().map(|&word| word.to_owned()).collect());

    let dies = WorkerSpec { command: command(&["/usr/bin/python3", "-c", "exit(3)"]), ..spec() };
    let error = backend.acquire(&dies).await.err().unwrap();
    assert!(matches!(&error, SandboxError::Died { how, .. } if how == "exit code 3"), "{error}");

    let python = "/opt/launchpod/supervisor -- /usr/bin/python3 -c 'no python'";
    let words: Vec<&str> = python.split(' ').collect();
    let explains = WorkerSpec { command: command(&words), ..spec() };
    let error = backend.acquire(&explains).await.err().unwrap();
    assert!(error.to_string().contains("SyntaxError"), "{error}");
    assert!(error.is_runtime());

    let waits = WorkerSpec {
        command: command(&["/usr/bin/python3", "-c", "import time; time.sleep(60)"]),
        limits: Limits { ready: Duration::from_secs(2), ..Limits::default() },
        ..spec()
    };
    let error = backend.acquire(&waits).await.err().unwrap();
    assert!(matches!(&error, SandboxError::NotReady { .. }), "{error}");
    instance.gone().await;
    backend.shutdown().await;
    assert_eq!(instance.run_folders(), 0);
}

#[tokio::test]
async fn abandoning_and_shutting_down_leave_nothing() {
    let instance = Instance::new();
    let backend = instance.connect().await;
    // Dropped at whatever point it has reached.
    for millis in [1, 30, 300] {
        let _ = timeout(Duration::from_millis(millis), backend.acquire(&spec())).await;
    }
    let worker = backend.acquire(&spec()).await.unwrap();
    backend.shutdown().await;
    assert!(instance.containers().is_empty());
    let late = backend.acquire(&spec()).await;
    assert!(matches!(late, Err(SandboxError::ShuttingDown)));
    drop(worker);
}

#[tokio::test]
async fn the_doctor_tries_a_worker() {
    let instance = Instance::new();
    let docker = FastConfig::new(Preference::Docker).unwrap();
    let closed = Network::default();
    let examine = |image, runtime| {
        let (config, engine) = (instance.config(), UserNamespace::Engine);
        doctor::examine(config, docker.clone(), image, runtime, engine, &closed)
    };
    let image = image();
    let findings = examine(Some(image.as_str()), None).await;
    eprintln!("{findings:#?}");
    let worker = findings.iter().find(|finding| finding.what == "worker").unwrap();
    assert_eq!(worker.state, State::Ok, "{}", worker.found);
    let missing = examine(Some("no-such-image"), None).await;
    let worker = missing.iter().find(|finding| finding.what == "worker").unwrap();
    assert_eq!(worker.state, State::Bad);
    assert!(worker.mend.contains("launchpod image build"), "{}", worker.mend);
    let unknown = examine(None, Some("none")).await;
    let runtime = unknown.iter().find(|finding| finding.what == "OCI runtime").unwrap();
    assert_eq!(runtime.state, State::Bad);
    assert!(runtime.mend.contains("python_runtime"), "{}", runtime.mend);
}

#[tokio::test]
async fn what_the_engine_lacks_is_said_before_a_worker_is_made() {
    let instance = Instance::new();
    let backend = instance.connect().await;
    backend.check(&spec()).unwrap();
    let unknown = WorkerSpec { runtime: Some("none-such".to_owned()), ..spec() };
    let error = backend.check(&unknown).unwrap_err();
    assert!(error.to_string().contains("\"none-such\" (python_runtime)"), "{error}");
    assert!(error.to_string().contains("runc"), "{error}");

    // What the engine here does decides which of the two it is.
    let required = WorkerSpec { user_namespace: UserNamespace::Required, ..spec() };
    match backend.check(&required) {
        Ok(()) => drop(backend.acquire(&required).await.unwrap()),
        Err(error) => {
            assert!(matches!(error, SandboxError::NoUserNamespace(_)), "{error}");
            assert!(error.explain().contains("python_user_namespace"), "{error}");
            let refused = backend.acquire(&required).await.err().unwrap();
            assert_eq!(refused.to_string(), error.to_string());
        }
    }
    let host = WorkerSpec { user_namespace: UserNamespace::Host, ..spec() };
    backend.check(&host).unwrap();
    drop(backend.acquire(&host).await.unwrap());
    backend.shutdown().await;
}
