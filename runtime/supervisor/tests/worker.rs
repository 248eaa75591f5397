//! The supervisor with real processes: this test is the controller.
#![allow(clippy::unwrap_used)] // A step that fails is a failed test.

use std::fs;
use std::io::{IoSlice, Read, Write};
use std::mem::MaybeUninit;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use bytes::BytesMut;
use launchpod_protocol::control::{Door, Exited, FromSupervisor, Start, ToSupervisor};
use launchpod_protocol::frame::Frame;
use launchpod_protocol::hello::{Hello, Role, SOCKET_NAME, TOKEN_NAME};
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
use tempfile::TempDir;

const TOKEN: &str = "0123456789abcdef";
/// Longer than anything here takes on a busy machine, shorter than a hanging test.
const PATIENCE: Duration = Duration::from_secs(20);

/// A supervisor that has dialled.
struct Worker {
    supervisor: Child,
    control: Connection,
    data: Connection,
    _folder: TempDir,
}

struct Connection {
    stream: UnixStream,
    received: BytesMut,
}

/// All that a supervisor said, in one piece per stream.
#[derive(Default)]
struct Said {
    stdout: String,
    stderr: String,
    exited: Option<Exited>,
}

#[test]
fn text_exit_code_and_data_arrive() {
    let mut worker = start("echo out; echo err >&2; printf data >&3; exit 7");
    let said = worker.control.read_to_end();
    assert_eq!((said.stdout.as_str(), said.stderr.as_str()), ("out\n", "err\n"));
    let exited = said.exited.unwrap();
    assert_eq!((exited.code, exited.signal, exited.deadline_passed), (Some(7), None, false));
    assert_eq!(worker.data.rest(), b"data");
    assert_eq!(worker.supervisor.wait().unwrap().code(), Some(7));
}

#[test]
fn the_program_has_four_descriptors_and_no_input() {
    let mut worker =
        start("cat; for f in $(seq 0 99); do [ -e /proc/$$/fd/$f ] && echo $f; done; pwd");
    let said = worker.control.read_to_end();
    assert_eq!(said.stdout, "0\n1\n2\n3\n/tmp\n");
}

#[test]
fn a_program_without_data_connection_ends_its_data_only() {
    let mut worker = start("exec 3>&-; echo still here");
    assert!(worker.data.rest().is_empty());
    assert_eq!(worker.control.read_to_end().stdout, "still here\n");
}

#[test]
fn death_by_a_signal_is_told() {
    let mut worker = start("kill -9 $$");
    let exited = worker.control.read_to_end().exited.unwrap();
    assert_eq!((exited.code, exited.signal), (None, Some(9)));
}

#[test]
fn a_program_that_is_not_there_is_told() {
    let mut worker = start_program(&["/nowhere/at-all"]);
    let said = worker.control.read_to_end();
    assert!(said.stderr.contains("can't start"), "{}", said.stderr);
    assert_eq!(said.exited.unwrap().code, Some(127));
}

#[test]
fn the_time_limit_ends_a_program_that_ignores_signals() {
    let mut worker = start("trap '' TERM INT HUP; echo ready; while :; do :; done");
    worker.control.say(ToSupervisor::Start(Start { deadline_ms: 300, ..Start::default() }));
    let said = worker.control.read_to_end();
    let exited = said.exited.unwrap();
    assert!(exited.deadline_passed);
    assert_eq!((exited.code, exited.signal), (None, Some(9)));
    assert_eq!(said.stdout, "ready\n");
}

#[test]
fn the_last_time_limit_holds() {
    let mut worker = start("sleep 0.5; echo done");
    worker.control.say(ToSupervisor::Start(Start { deadline_ms: 100, ..Start::default() }));
    worker.control.say(ToSupervisor::Start(Start::default()));
    let said = worker.control.read_to_end();
    assert_eq!(said.stdout, "done\n");
    assert!(!said.exited.unwrap().deadline_passed);
}

#[test]
fn kill_ends_a_stopped_program() {
    let mut worker = start("echo ready; kill -STOP $$");
    worker.control.wait_for("ready\n");
    worker.control.say(ToSupervisor::Kill);
    assert_eq!(worker.control.read_to_end().exited.unwrap().signal, Some(9));
}

#[test]
fn a_controller_that_is_gone_ends_everything() {
    let mut worker = start("sleep 1000 & wait");
    worker.control.stream.shutdown(Shutdown::Both).unwrap();
    wait_for_exit(&mut worker.supervisor);
    // The data connection's last holder was the program.
    worker.data.rest();
}

#[test]
fn a_controller_that_talks_rubbish_is_gone() {
    let mut worker = start("sleep 1000");
    worker.control.stream.write_all(b"\xff\xff\xff\xff\xff").unwrap();
    wait_for_exit(&mut worker.supervisor);
}

#[test]
fn a_child_that_holds_the_pipes_open_delays_nothing() {
    let mut worker = start("sleep 1000 & echo parent done");
    let said = worker.control.read_to_end();
    assert_eq!(said.stdout, "parent done\n");
    assert_eq!(said.exited.unwrap().code, Some(0));
}

#[test]
fn orphans_are_reaped() {
    // Each subshell leaves an orphan that ends at once; none may stay as a zombie.
    let mut worker = start(
        "for i in 1 2 3; do (true & ) ; done; sleep 0.3; \
         cat /proc/*/stat 2>/dev/null | grep -c \") Z $PPID \"; true",
    );
    assert_eq!(worker.control.read_to_end().stdout, "0\n");
}

#[test]
fn a_controller_that_reads_slowly_stops_the_program_and_not_the_supervisor() {
    let mut worker = start("yes");
    std::thread::sleep(Duration::from_millis(500));
    let resident = resident_kib(worker.supervisor.id());
    assert!(resident < 16 << 10, "{resident} KiB");
    worker.control.say(ToSupervisor::Kill);
    wait_for_exit(&mut worker.supervisor);
}

#[test]
fn all_output_arrives_when_the_program_has_ended_before_it_is_read() {
    let mut worker = start("head -c 3000000 /dev/zero | tr '\\0' x; echo end >&2");
    std::thread::sleep(Duration::from_millis(200));
    let said = worker.control.read_to_end();
    assert_eq!(said.stdout.len(), 3_000_000);
    assert_eq!(said.stderr, "end\n");
}

#[test]
fn without_a_token_it_says_why() {
    let folder = TempDir::new().unwrap();
    let output = supervisor(&folder, &[], &["true"]).stderr(Stdio::piped()).output().unwrap();
    assert_eq!(output.status.code(), Some(70));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("can't read the token"), "{text}");
}

#[test]
fn a_script_is_connected_and_both_ends_see_the_other_close() {
    let (mut worker, address) = start_with_loopback("sleep 1000");
    // Before START it waits.
    let mut script = TcpStream::connect(address).unwrap();
    script.set_read_timeout(Some(PATIENCE)).unwrap();
    worker.control.say(ToSupervisor::Start(Start { loopback: true, ..Start::default() }));
    let mut ours = worker.control.connect_script();
    let long = vec![7; 3 << 20];
    script.write_all(b"question").unwrap();
    let mut question = [0; 8];
    ours.read_exact(&mut question).unwrap();
    assert_eq!(&question, b"question");
    // More than the sockets hold, while nobody reads.
    let answer = long.clone();
    let answering = std::thread::spawn(move || {
        ours.write_all(&answer).unwrap();
        ours.shutdown(Shutdown::Write).unwrap();
        // Who has said all may still be spoken to.
        let mut rest = Vec::new();
        ours.read_to_end(&mut rest).unwrap();
        rest
    });
    let mut answer = Vec::new();
    script.read_to_end(&mut answer).unwrap();
    assert_eq!(answer, long);
    script.write_all(b"thanks").unwrap();
    drop(script);
    assert_eq!(answering.join().unwrap(), b"thanks");

    // And the other way round.
    let mut script = TcpStream::connect(address).unwrap();
    script.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut ours = worker.control.connect_script();
    script.write_all(b"all").unwrap();
    script.shutdown(Shutdown::Write).unwrap();
    let mut said = Vec::new();
    ours.read_to_end(&mut said).unwrap();
    ours.write_all(b"answer").unwrap();
    drop(ours);
    let mut answer = Vec::new();
    script.read_to_end(&mut answer).unwrap();
    assert_eq!((&said[..], &answer[..]), (&b"all"[..], &b"answer"[..]));

    let script = TcpStream::connect(address).unwrap();
    let mut ours = worker.control.connect_script();
    drop(script);
    assert_eq!(ours.read(&mut [0]).unwrap(), 0);
    worker.control.say(ToSupervisor::Kill);
    assert_eq!(worker.control.read_to_end().exited.unwrap().signal, Some(9));
}

#[test]
fn a_connection_that_is_refused_is_closed() {
    let (mut worker, address) = start_with_loopback("sleep 1000");
    worker.control.say(ToSupervisor::Start(Start { loopback: true, ..Start::default() }));
    let mut script = TcpStream::connect(address).unwrap();
    script.set_read_timeout(Some(PATIENCE)).unwrap();
    assert_eq!(
        FromSupervisor::read(worker.control.next().unwrap()).unwrap(),
        FromSupervisor::Wanted(Door::Loopback)
    );
    worker.control.say(ToSupervisor::Refused);
    assert_eq!(script.read(&mut [0]).unwrap(), 0);
}

#[test]
fn without_leave_nobody_listens() {
    let (mut worker, address) = start_with_loopback("sleep 1000");
    worker.control.say(ToSupervisor::Start(Start::default()));
    wait_until_closed(address);
}

#[test]
fn a_script_has_so_many_connections_and_the_next_waits() {
    let (mut worker, address) = start_with_loopback("sleep 1000");
    let start = Start { loopback: true, connections: 3, ..Start::default() };
    worker.control.say(ToSupervisor::Start(start));
    let mut scripts: Vec<TcpStream> =
        (0..4).map(|_| TcpStream::connect(address).unwrap()).collect();
    let mut held: Vec<UnixStream> = (0..3).map(|_| worker.control.connect_script()).collect();
    worker.control.stream.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    assert!(worker.control.stream.read(&mut [0]).is_err(), "one too many");
    worker.control.stream.set_read_timeout(Some(PATIENCE)).unwrap();
    drop(held.pop());
    held.push(worker.control.connect_script());
    drop(scripts.drain(..));
}

#[test]
fn each_door_has_connections_of_its_own() {
    let (back, outward) = (free_address(), free_address());
    let options = ["--loopback", &back.to_string(), "--outbound", &outward.to_string()];
    let mut worker = start_with(&options, &["/bin/sh", "-c", "sleep 1000"]);
    worker.control.say(ToSupervisor::Start(Start {
        loopback: true,
        outbound: true,
        connections: 3,
        ..Start::default()
    }));
    let full: Vec<TcpStream> = (0..3).map(|_| TcpStream::connect(outward).unwrap()).collect();
    let held: Vec<UnixStream> =
        full.iter().map(|_| worker.control.connect_through(Door::Outbound)).collect();
    let mut script = TcpStream::connect(back).unwrap();
    let mut ours = worker.control.connect_through(Door::Loopback);
    script.write_all(b"?").unwrap();
    let mut asked = [0];
    ours.read_exact(&mut asked).unwrap();
    assert_eq!(&asked, b"?");
    drop(held);
}

#[test]
fn a_door_that_start_leaves_out_is_closed() {
    let (back, outward) = (free_address(), free_address());
    let options = ["--loopback", &back.to_string(), "--outbound", &outward.to_string()];
    let mut worker = start_with(&options, &["/bin/sh", "-c", "sleep 1000"]);
    worker.control.say(ToSupervisor::Start(Start { outbound: true, ..Start::default() }));
    wait_until_closed(back);
    let _script = TcpStream::connect(outward).unwrap();
    worker.control.connect_through(Door::Outbound);
}

// === helpers ===

fn start(script: &str) -> Worker {
    start_program(&["/bin/sh", "-c", script])
}

/// A worker whose script may connect to the address.
fn start_with_loopback(script: &str) -> (Worker, SocketAddr) {
    let address = free_address();
    let worker = start_with(&["--loopback", &address.to_string()], &["/bin/sh", "-c", script]);
    (worker, address)
}

/// An address whose port is free now, and most likely a moment later.
fn free_address() -> SocketAddr {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap()
}

fn start_program(program: &[&str]) -> Worker {
    start_with(&[], program)
}

fn start_with(options: &[&str], program: &[&str]) -> Worker {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join(TOKEN_NAME), TOKEN).unwrap();
    let listener = UnixListener::bind(folder.path().join(SOCKET_NAME)).unwrap();
    let supervisor = supervisor(&folder, options, program).spawn().unwrap();
    let control = Connection::accept(&listener, Role::Control);
    let data = Connection::accept(&listener, Role::Data);
    Worker { supervisor, control, data, _folder: folder }
}

fn supervisor(folder: &TempDir, options: &[&str], program: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_launchpod-supervisor"));
    command
        .arg("--run-folder")
        .arg(folder.path())
        .args(options)
        .arg("--")
        .args(program)
        .stdin(Stdio::null());
    command
}

fn wait_until_closed(address: SocketAddr) {
    let begun = Instant::now();
    while TcpStream::connect(address).is_ok() {
        assert!(begun.elapsed() < PATIENCE, "the port is still open");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn wait_for_exit(supervisor: &mut Child) {
    let begun = Instant::now();
    while supervisor.try_wait().unwrap().is_none() {
        assert!(begun.elapsed() < PATIENCE, "the supervisor does not end");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn resident_kib(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

impl Connection {
    fn accept(listener: &UnixListener, role: Role) -> Self {
        let (stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut connection = Connection { stream, received: BytesMut::new() };
        let hello = connection.next().unwrap();
        assert_eq!(Hello::check(&hello, TOKEN).unwrap(), role);
        connection
    }

    fn say(&mut self, message: ToSupervisor) {
        let mut bytes = Vec::new();
        message.encode(&mut bytes).unwrap();
        self.stream.write_all(&bytes).unwrap();
    }

    /// Hears the script's wish for a connection back, and grants it.
    fn connect_script(&mut self) -> UnixStream {
        self.connect_through(Door::Loopback)
    }

    fn connect_through(&mut self, door: Door) -> UnixStream {
        let wish = FromSupervisor::read(self.next().unwrap()).unwrap();
        assert_eq!(wish, FromSupervisor::Wanted(door));
        let (ours, theirs) = UnixStream::pair().unwrap();
        ours.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut bytes = Vec::new();
        ToSupervisor::Connection.encode(&mut bytes).unwrap();
        let fds = [theirs.as_fd()];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut ancillary = SendAncillaryBuffer::new(&mut space);
        assert!(ancillary.push(SendAncillaryMessage::ScmRights(&fds)));
        let slices = [IoSlice::new(&bytes)];
        sendmsg(&self.stream, &slices, &mut ancillary, SendFlags::empty()).unwrap();
        ours
    }

    fn next(&mut self) -> Option<Frame> {
        loop {
            if let Some(frame) = Frame::decode(&mut self.received).unwrap() {
                return Some(frame);
            }
            let mut bytes = [0; 4096];
            match self.stream.read(&mut bytes).unwrap() {
                0 => return None,
                count => self.received.extend_from_slice(&bytes[..count]),
            }
        }
    }

    fn wait_for(&mut self, stdout: &str) {
        match FromSupervisor::read(self.next().unwrap()).unwrap() {
            FromSupervisor::Stdout(bytes) => assert_eq!(bytes, stdout),
            other => panic!("{other:?}"),
        }
    }

    /// All bytes to the end, those among them that came together with HELLO.
    fn rest(&mut self) -> Vec<u8> {
        let mut bytes = self.received.split().to_vec();
        self.stream.read_to_end(&mut bytes).unwrap();
        bytes
    }

    fn read_to_end(&mut self) -> Said {
        let mut said = Said::default();
        while let Some(frame) = self.next() {
            assert!(said.exited.is_none(), "a frame after EXITED");
            match FromSupervisor::read(frame).unwrap() {
                FromSupervisor::Stdout(bytes) => {
                    said.stdout.push_str(std::str::from_utf8(&bytes).unwrap());
                }
                FromSupervisor::Stderr(bytes) => {
                    said.stderr.push_str(std::str::from_utf8(&bytes).unwrap());
                }
                FromSupervisor::Wanted(door) => panic!("a connection is asked for: {door:?}"),
                FromSupervisor::Exited(exited) => said.exited = Some(exited),
            }
        }
        said
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.supervisor.kill();
        let _ = self.supervisor.wait();
    }
}
