//! What scripts do when all is not well: each ends in its stated error, and leaves nothing.

use std::sync::Arc;
use std::time::Duration;

use crate::support::{Bench, Outcome, docker, numbers, script};
use launchpod_controller::{
    Admission, Config, Failure, Input, Language, Parts, Resource, ScriptEvent, ScriptRequest,
    TypeMapping,
};
use launchpod_sandbox::{Limits, Network, UserNamespace};
use launchpod_types::{Column, Parameter, SqlError, SqlType, Value};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

#[tokio::test]
async fn a_script_that_leaves_the_interpreter_is_no_success() {
    let bench = Bench::new(Config::default()).await;
    let outcome = bench.run(script("import os\nprint('out', flush=True)\nos._exit(0)")).await;
    let (failure, numbers, text) = outcome.expect_failure();
    assert_eq!((failure, numbers), (Failure::Runtime, vec![39012, 39019]), "{text}");
    assert!(text.contains("exit code 0"), "{text}");
    assert_eq!(outcome.written(), ["out"]);

    let outcome = bench.run(script("import os, signal\nos.kill(os.getpid(), 11)")).await;
    let (failure, _, text) = outcome.expect_failure();
    assert_eq!(failure, Failure::Runtime);
    assert!(text.contains("signal 11"), "{text}");

    let outcome = bench.run(script("import sys\nsys.exit(3)")).await;
    let (failure, numbers, text) = outcome.expect_failure();
    assert_eq!((failure, &numbers[..]), (Failure::Script, &[39004, 39019][..]), "{text}");
    bench.end().await;
}

#[tokio::test]
async fn a_script_that_meddles_with_its_connection_harms_itself_only() {
    let bench = Bench::new(Config::default()).await;
    let close = "import os, time\nos.close(3)\ntime.sleep(3600)";
    // A frame of Arrow output that is none; a length beyond the limit; no frame at all.
    let rubbish = "import os, struct\n\
                   os.write(3, struct.pack('<IB', 16, 0x32) + b'\\xff\\xff\\xff\\xff' + b'x' * 12)";
    let long = "import os, struct, time\nos.write(3, struct.pack('<IB', 2**32 - 1, 0x32))\ntime.sleep(3600)";
    let noise = "import os, time\nos.write(3, b'GET / HTTP/1.1\\r\\n')\ntime.sleep(3600)";
    for text in [close, rubbish, long, noise] {
        let outcome = bench.run(script(text)).await;
        let (failure, numbers, message) = outcome.expect_failure();
        assert_eq!((failure, &numbers[..]), (Failure::Protocol, &[39013, 39019][..]), "{message}");
    }
    let after = bench.run(script("print('well')")).await;
    after.expect_success();
    bench.end().await;
}

#[tokio::test]
async fn a_script_that_never_ends_is_ended_in_time() {
    let bench = Bench::new(Config::default()).await;
    for text in [
        "while True: pass",
        "import signal, time\nsignal.signal(15, signal.SIG_IGN)\ntime.sleep(3600)",
    ] {
        let outcome = bench
            .run(ScriptRequest { time_limit: Some(Duration::from_secs(1)), ..script(text) })
            .await;
        let (failure, numbers, message) = outcome.expect_failure();
        assert_eq!(failure, Failure::Resources(Resource::Time), "{message}");
        assert_eq!(numbers, [39127, 39019]);
        assert!(message.contains("the limit is 1 s"), "{message}");
    }
    bench.end().await;
}

#[tokio::test]
async fn memory_that_runs_out_is_named() {
    let limits = Limits { memory: 300 << 20, ..Limits::default() };
    let bench = Bench::new(Config { limits, ..Config::default() }).await;
    let outcome = bench
        .run(script("x = bytearray(1 << 30)\nfor i in range(0, 1 << 30, 4096): x[i] = 1"))
        .await;
    let (failure, numbers, text) = outcome.expect_failure();
    assert_eq!(failure, Failure::Resources(Resource::Memory), "{text}");
    assert_eq!(numbers, [39127, 39019]);
    assert!(text.contains("300 MiB"), "{text}");

    let files = "with open('/tmp/fill', 'wb') as f:\n  while True: f.write(bytes(1 << 20))";
    let outcome = bench.run(script(files)).await;
    let (failure, _, text) = outcome.expect_failure();
    assert!(matches!(failure, Failure::Resources(Resource::Memory) | Failure::Script), "{text}");
    bench.end().await;
}

#[tokio::test]
async fn processes_that_run_out_are_named() {
    let limits = Limits { processes: 32, ..Limits::default() };
    let bench = Bench::new(Config { limits, ..Config::default() }).await;
    let bomb = "import os\nwhile True: os.fork()";
    let outcome = bench
        .run(ScriptRequest { time_limit: Some(Duration::from_secs(10)), ..script(bomb) })
        .await;
    let (failure, numbers, text) = outcome.expect_failure();
    eprintln!("{text}");
    assert_eq!(failure, Failure::Resources(Resource::Processes), "{text}");
    assert_eq!(numbers[..2], [39127, 39019]);
    bench.end().await;
}

#[tokio::test]
async fn a_container_that_is_killed_is_a_lost_runtime() {
    let bench = Bench::new(Config::default()).await;
    let mut run =
        bench.controller.run(script("print('up', flush=True)\nimport time\ntime.sleep(60)"));
    // On a busy machine a worker takes its time to be up.
    while !matches!(run.next().await, Some(ScriptEvent::Message(_))) {}
    docker(&["kill", &bench.running().await]);
    let outcome = timeout(Duration::from_secs(60), Outcome::of(run)).await.unwrap();
    let (failure, numbers, text) = outcome.expect_failure();
    assert_eq!((failure, &numbers[..]), (Failure::Runtime, &[39012, 39019][..]), "{text}");
    assert!(text.contains("signal 9"), "{text}");
    bench.end().await;
}

#[tokio::test]
async fn cancelling_ends_a_script_and_says_nothing() {
    let bench = Bench::new(Config::default()).await;
    let request = script("import time\nprint('up', flush=True)\ntime.sleep(3600)");
    let cancel = request.cancel.clone();
    let mut run = bench.controller.run(request);
    while !matches!(run.next().await, Some(ScriptEvent::Message(_))) {}
    cancel.cancel();
    let error = run.finish().await.unwrap_err();
    assert_eq!((error.failure(), error.errors().len()), (Failure::Cancelled, 0));

    // A client that vanishes.
    let mut run =
        bench.controller.run(script("import time\nprint('up', flush=True)\ntime.sleep(3600)"));
    while !matches!(run.next().await, Some(ScriptEvent::Message(_))) {}
    drop(run);
    while !bench.containers().is_empty() {
        sleep(Duration::from_millis(50)).await;
    }
    bench.end().await;
}

#[tokio::test]
async fn a_query_that_fails_midway_is_the_scripts_end() {
    let bench = Bench::new(Config::default()).await;
    let (sender, batches) = mpsc::channel(1);
    sender.try_send(Err(SqlError::new(8134, "Divide by zero error encountered."))).unwrap();
    let columns: Arc<[Column]> = vec![Column::new("n", SqlType::Int)].into();
    let outcome = bench
        .run(ScriptRequest {
            input: Some(Input { columns, batches, parts: Parts::default() }),
            ..script("print('never')")
        })
        .await;
    let (failure, numbers, _) = outcome.expect_failure();
    assert_eq!((failure, &numbers[..]), (Failure::Input, &[8134][..]));
    assert!(outcome.written().is_empty());
    bench.end().await;
}

#[tokio::test]
async fn a_query_is_let_go_when_its_script_ends() {
    let bench = Bench::new(Config::default()).await;
    let (sender, batches) = mpsc::channel(1);
    let columns: Arc<[Column]> = vec![Column::new("n", SqlType::Int)].into();
    // A query that never yields a row: what runs out of time is the script.
    let outcome = bench
        .run(ScriptRequest {
            input: Some(Input { columns, batches, parts: Parts::default() }),
            time_limit: Some(Duration::from_secs(1)),
            ..script("OutputDataSet = InputDataSet")
        })
        .await;
    assert_eq!(outcome.expect_failure().0, Failure::Resources(Resource::Time));
    timeout(Duration::from_secs(60), sender.closed()).await.unwrap();

    // A query without end, that is cancelled.
    let request = script("OutputDataSet = InputDataSet");
    let cancel = request.cancel.clone();
    let run =
        bench.controller.run(ScriptRequest { input: Some(numbers(1 << 20, 1000)), ..request });
    bench.running().await;
    sleep(Duration::from_secs(1)).await;
    cancel.cancel();
    assert_eq!(run.finish().await.unwrap_err().failure(), Failure::Cancelled);
    bench.end().await;
}

#[tokio::test]
async fn what_needs_no_worker_is_refused_without_one() {
    let bench =
        Bench::new(Config { type_mapping: TypeMapping::SqlServer, ..Config::default() }).await;
    let outcome = bench.run(ScriptRequest { language: "R".to_owned(), ..script("") }).await;
    let (failure, found, text) = outcome.expect_failure();
    assert_eq!((failure, &found[..]), (Failure::Refused, &[39007][..]));
    assert!(text.contains("'R'"));

    let mut input = numbers(1, 1);
    input.columns = vec![Column::new("t", SqlType::Time(7))].into();
    let outcome = bench.run(ScriptRequest { input: Some(input), ..script("") }).await;
    let (_, found, text) = outcome.expect_failure();
    assert_eq!(found, [39017]);
    assert!(text.contains("column #0 of type 'time'"), "{text}");

    let time = Parameter {
        name: "p".to_owned(),
        sql_type: SqlType::Time(7),
        value: Value::Null,
        output: false,
    };
    let outcome = bench.run(ScriptRequest { parameters: vec![time], ..script("") }).await;
    let (_, found, text) = outcome.expect_failure();
    assert_eq!(found, [39018]);
    assert!(text.contains("Parameter '@p'"), "{text}");
    assert!(bench.containers().is_empty());
    bench.end().await;
}

#[tokio::test]
async fn a_full_pool_says_its_limit() {
    let config = Config {
        admission: Admission {
            workers_per_identity: 1,
            wait: Duration::from_millis(100),
            ..Admission::default()
        },
        ..Config::default()
    };
    let bench = Bench::new(config).await;
    let request = script("import time\ntime.sleep(60)");
    let cancel = request.cancel.clone();
    let run = bench.controller.run(request);
    bench.running().await;
    let outcome = bench.run(script("")).await;
    let (failure, numbers, text) = outcome.expect_failure();
    assert_eq!((failure, &numbers[..]), (Failure::Refused, &[39110, 39019][..]));
    assert!(text.contains("Limit is 1"), "{text}");
    cancel.cancel();
    run.finish().await.unwrap_err();
    bench.run(script("")).await.expect_success();
    bench.end().await;
}

#[tokio::test]
async fn a_worker_that_cannot_start_is_explained() {
    let language = |words: &[&str]| Language {
        name: "Python".to_owned(),
        environment: "python".to_owned(),
        command: Some(words.iter().map(|&word| word.to_owned()).collect()),
        runtime: None,
        user_namespace: UserNamespace::Engine,
        network: Network::default(),
    };
    let missing = language(&["/no/such/program"]);
    let bench = Bench::new(Config { languages: vec![missing], ..Config::default() }).await;
    let outcome = bench.run(script("")).await;
    let (failure, numbers, text) = outcome.expect_failure();
    assert_eq!((failure, &numbers[..]), (Failure::Launch, &[39021, 39019][..]), "{text}");
    assert!(text.contains("/no/such/program") && text.contains("launchpod doctor"), "{text}");
    bench.end().await;
}

#[tokio::test]
async fn a_worker_that_answers_before_it_is_asked_is_refused() {
    // In place of the worker: a success without a request.
    let early = "import os, struct, time\n\
                 frame = lambda kind, payload=b'': struct.pack('<IB', len(payload), kind) + payload\n\
                 os.write(3, frame(0x30, b'{\"runtime\":\"none\"}') + frame(0x35))\n\
                 time.sleep(3600)";
    let command = ["/opt/launchpod/supervisor", "--", "/usr/bin/python3", "-I", "-c", early];
    let language = Language {
        name: "Python".to_owned(),
        environment: "python".to_owned(),
        command: Some(command.map(str::to_owned).to_vec()),
        runtime: None,
        user_namespace: UserNamespace::Engine,
        network: Network::default(),
    };
    let bench = Bench::new(Config { languages: vec![language], ..Config::default() }).await;
    let outcome = bench.run(script("print('never')")).await;
    let (failure, numbers, text) = outcome.expect_failure();
    assert_eq!((failure, &numbers[..]), (Failure::Protocol, &[39013, 39019][..]), "{text}");
    assert!(text.contains("answered before it was asked"), "{text}");
    bench.end().await;
}

#[tokio::test]
async fn what_the_profile_forbids_fails_inside() {
    assert_eq!(
        refused_inside(Network::default()).await,
        "/etc/x /proc/sys/kernel/hostname /run/launchpod/x 0x10000000 0x20000 0x40000000 bpf \
         family-10-type-1 family-10-type-2 family-10-type-3 family-16-type-3 family-17-type-3 \
         family-2-type-1 family-2-type-2 family-2-type-3 family-38-type-5 family-40-type-1 \
         io_uring_setup keyctl mount perf_event_open process_vm_readv ptrace setns splice userfaultfd"
    );
}

/// Streams alone, for the device that leads nowhere else.
#[tokio::test]
async fn what_the_profile_forbids_to_a_script_that_may_connect_back() {
    let refused = refused_inside(Network { loopback: true, outbound: None }).await;
    let expected = "/etc/x /proc/sys/kernel/hostname /run/launchpod/x 0x10000000 0x20000 0x40000000 bpf \
         family-10-type-2 family-10-type-3 family-16-type-3 family-17-type-3 \
         family-2-type-2 family-2-type-3 family-38-type-5 family-40-type-1 \
         io_uring_setup keyctl mount perf_event_open process_vm_readv ptrace setns splice userfaultfd";
    assert_eq!(refused, expected);
}

/// What a script can't do, sorted.
async fn refused_inside(network: Network) -> String {
    let mut config = Config::default();
    config.languages[0].network = network;
    let bench = Bench::new(config).await;
    // System call numbers of x86-64.
    let text = "
import ctypes, os, socket, sys
libc = ctypes.CDLL(None, use_errno=True)
refused = []
# inet and inet6 as stream, datagram and raw; netlink, packet, alg, vsock
for family, kind in ((2, 1), (2, 2), (2, 3), (10, 1), (10, 2), (10, 3), (16, 3), (17, 3), (38, 5), (40, 1)):
    try: socket.socket(family, kind)
    except OSError: refused.append(f'family-{family}-type-{kind}')
calls = dict(ptrace=101, process_vm_readv=310, keyctl=250, bpf=321, perf_event_open=298,
             userfaultfd=323, io_uring_setup=425, mount=165, setns=308, splice=275)
for name, number in calls.items():
    if libc.syscall(number, 0, 0, 0, 0, 0, 0) == -1 and ctypes.get_errno() in (1, 38):
        refused.append(name)
for flag in (0x10000000, 0x40000000, 0x20000):  # user, network, mount namespaces
    if libc.unshare(flag) == -1 and ctypes.get_errno() == 1: refused.append(hex(flag))
for path in ('/etc/x', '/run/launchpod/x', '/proc/sys/kernel/hostname'):
    try: open(path, 'w')
    except OSError: refused.append(path)
print(*sorted(map(str, refused)), end='')
assert os.listdir('/run/launchpod') == []
assert os.listdir('/sys/class/net') == ['lo'], os.listdir('/sys/class/net')
socket.socketpair()
";
    let outcome = bench.run(script(text)).await;
    outcome.expect_success();
    bench.end().await;
    outcome.written().join("")
}
