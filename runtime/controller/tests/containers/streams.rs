//! What streams, streams: memory does not grow with what goes through.

use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use launchpod_controller::{Admission, Config, Failure, Input, Parts, ScriptEvent, ScriptRequest};
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::support::{Bench, Outcome, numbers, script};

#[tokio::test]
async fn five_million_rows_pass_in_bounded_memory() {
    pass_five_million_rows(Parts::default()).await;
}

#[tokio::test]
async fn five_million_rows_pass_in_chunks_in_bounded_memory() {
    pass_five_million_rows(Parts { rows: NonZeroU32::new(70_000), keyed: false }).await;
}

async fn pass_five_million_rows(parts: Parts) {
    let bench = Bench::new(Config::default()).await;
    let mut run = bench.controller.run(ScriptRequest {
        input: Some(Input { parts, ..numbers(500, 10_000) }),
        ..script("OutputDataSet = InputDataSet")
    });
    let before = resident_kib();
    let (mut rows, mut most) = (0, 0);
    while let Some(event) = run.next().await {
        if let ScriptEvent::Batch(batch) = event {
            rows += batch.num_rows();
            most = most.max(resident_kib());
        }
    }
    let report = run.finish().await.unwrap();
    assert_eq!(rows, 5_000_000);
    let grown = most.saturating_sub(before);
    eprintln!("grown by {grown} KiB to {most} KiB; {}", report.stages);
    assert!(grown < 64 << 10, "{grown} KiB");
    bench.end().await;
}

#[tokio::test]
async fn endless_output_waits_for_its_reader() {
    let bench = Bench::new(Config::default()).await;
    let request = script("while True: print('x' * 10_000)");
    let cancel = request.cancel.clone();
    let mut run = bench.controller.run(request);
    assert!(matches!(run.next().await, Some(ScriptEvent::Message(_))));
    let before = resident_kib();
    sleep(Duration::from_secs(3)).await;
    for _ in 0..1000 {
        run.next().await.unwrap();
    }
    let grown = resident_kib().saturating_sub(before);
    assert!(grown < 16 << 10, "{grown} KiB");
    cancel.cancel();
    assert_eq!(run.finish().await.unwrap_err().failure(), Failure::Cancelled);
    bench.end().await;
}

#[tokio::test]
async fn many_scripts_leave_nothing() {
    const SCRIPTS: [&str; 5] = [
        "OutputDataSet = InputDataSet",
        "print('x' * 100_000)",
        "raise ValueError",
        "import os; os._exit(1)",
        "import os; os.close(0); os.write(3, b'rubbish'); os.kill(os.getpid(), 9)",
    ];
    let admission =
        Admission { workers: 2, wait: Duration::from_secs(300), ..Admission::default() };
    let bench = Bench::new(Config { admission, ..Config::default() }).await;
    bench.run(script("")).await.expect_success();
    let before = open_files();
    let began = Instant::now();
    let mut runs = JoinSet::new();
    for index in 0..25 {
        let input = Some(numbers(2, 1000));
        let text = SCRIPTS[index % SCRIPTS.len()];
        runs.spawn(Outcome::of(bench.controller.run(ScriptRequest { input, ..script(text) })));
    }
    let outcomes = runs.join_all().await;
    let took = began.elapsed();
    let succeeded = outcomes.iter().filter(|outcome| outcome.error.is_none()).count();
    assert_eq!(succeeded, 10);
    for outcome in outcomes.iter().filter(|outcome| outcome.rows() > 0) {
        assert_eq!(outcome.rows(), 2000);
    }
    eprintln!("{} calls a second, two at a time", outcomes.len() as f64 / took.as_secs_f64());
    let limit = Instant::now() + Duration::from_secs(10);
    while !bench.containers().is_empty() || open_files() > before {
        assert!(Instant::now() < limit, "{} files, {before} before", open_files());
        sleep(Duration::from_millis(100)).await;
    }
    bench.end().await;
}

/// The open files of this process.
fn open_files() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

/// The resident set of this process.
fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
