//! What streams, streams: memory does not grow with what goes through.

use std::time::Duration;

use launchpod_controller::{Config, Failure, ScriptEvent, ScriptRequest};
use tokio::time::sleep;

use crate::support::{Bench, numbers, script};

#[tokio::test]
async fn five_million_rows_pass_in_bounded_memory() {
    let bench = Bench::new(Config::default()).await;
    let mut run = bench.controller.run(ScriptRequest {
        input: Some(numbers(500, 10_000)),
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

/// The resident set of this process.
fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
