//! What the server takes of the machine that it runs on, as `sys.dm_os_sys_info` shows it. Linux tells
//! it in `/proc` (proc(5)).

use std::fs;
use std::sync::LazyLock;

use launchpod_types::{SqlError, SqlType};
use serde_json::json;

use super::base::{BaseTable, Rows};
use super::listing;
use crate::sqlite::embedded::environment::{Environment, now};

/// Milliseconds of a tick, in which the kernel counts processor time (USER_HZ is 100).
const TICK: u64 = 10;
/// Where the times in user and in kernel mode stand in `/proc/self/stat`, behind the command's name.
const TIMES: std::ops::Range<usize> = 11..13;

/// When the server was started: the time in 100 ns since 1970, and milliseconds since the machine's
/// start.
static STARTED: LazyLock<(i64, u64)> = LazyLock::new(|| (now(), uptime()));

/// The tables over what is told here.
pub(super) const TABLES: &[BaseTable] = &[BaseTable {
    name: "machine",
    columns: &[
        ("processors", SqlType::Int, false),
        ("memory_kb", SqlType::BigInt, false),
        ("resident_kb", SqlType::BigInt, false),
        ("uptime_ms", SqlType::BigInt, false),
        ("started_ms", SqlType::BigInt, false),
        ("started", SqlType::DateTime, false),
        ("user_ms", SqlType::BigInt, false),
        ("kernel_ms", SqlType::BigInt, false),
    ],
    rows: Rows::Made(machine),
}];

/// Notes that the server starts now, if it hasn't before.
pub(crate) fn note_start() {
    LazyLock::force(&STARTED);
}

/// The one row of `catalog.machine`.
fn machine(_: &Environment<'_>) -> Result<String, SqlError> {
    let (started, started_ms) = *STARTED;
    let [user, kernel] = processor_times();
    let processors = std::thread::available_parallelism().map_or(1, |count| count.get());
    listing::array(&[json!([
        processors,
        field("/proc/meminfo", "MemTotal"),
        field("/proc/self/status", "VmRSS"),
        uptime(),
        started_ms,
        started,
        user,
        kernel,
    ])])
}

/// The number behind `name:` in a file of lines; 0 when it can't be read.
fn field(file: &str, name: &str) -> u64 {
    let text = fs::read_to_string(file).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// Milliseconds since the machine's start.
fn uptime() -> u64 {
    let text = fs::read_to_string("/proc/uptime").unwrap_or_default();
    let seconds = text.split_whitespace().next().and_then(|word| word.parse::<f64>().ok());
    (seconds.unwrap_or(0.0) * 1000.0) as u64
}

/// Milliseconds of processor time of this process, in user and in kernel mode.
fn processor_times() -> [u64; 2] {
    let text = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The command's name is in parentheses and may hold anything.
    let rest = text.rsplit_once(')').map_or("", |(_, rest)| rest);
    let mut times = rest.split_whitespace().skip(TIMES.start).take(TIMES.len());
    [(); 2].map(|()| times.next().and_then(|word| word.parse::<u64>().ok()).unwrap_or(0) * TICK)
}
