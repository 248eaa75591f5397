//! The sessions of the server, as `sys.dm_exec_sessions` and its kin show them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use launchpod_functions::zone;
use serde_json::{Value, json};
use uuid::Uuid;

use super::embedded::environment::now;
use super::governor::DEFAULT_GROUP;
use crate::{Client, Login};

/// 100 ns in a minute.
const TICKS_PER_MINUTE: i64 = 600_000_000;

/// The sessions that are open.
#[derive(Debug, Default)]
pub(crate) struct Sessions(Mutex<Entries>);

#[derive(Debug, Default)]
struct Entries {
    last: u64,
    sessions: BTreeMap<u64, LiveSession>,
}

/// A session's place among the others, which is given up when it is dropped.
#[derive(Debug)]
pub(crate) struct Entry {
    key: u64,
    sessions: Arc<Sessions>,
}

/// What is known of an open session.
#[derive(Clone, Debug)]
pub(crate) struct LiveSession {
    spid: u16,
    login: String,
    program: String,
    host: String,
    client: Client,
    database: i64,
    /// 100 ns since 1970, UTC, as the moments below.
    login_time: i64,
    /// When its last statement began.
    started: i64,
    /// When that ended; `None` while it runs.
    ended: Option<i64>,
    /// What the statement that runs is.
    command: &'static str,
    transactions: u32,
    /// The request of the external script that runs.
    script: Option<Uuid>,
    /// Its workload group.
    group: i64,
}

// === impl Sessions ===

impl Sessions {
    /// Notes a session that opens.
    pub(crate) fn enter(self: &Arc<Self>, session: LiveSession) -> Arc<Entry> {
        let mut entries = self.lock();
        entries.last += 1;
        let key = entries.last;
        entries.sessions.insert(key, session);
        Arc::new(Entry { key, sessions: Arc::clone(self) })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Entries> {
        // An entry is changed field by field, each of which is right by itself.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl Entry ===

impl Entry {
    /// How many sessions were opened since the server was started.
    pub(crate) fn opened(&self) -> i64 {
        // Nobody opens so many that they wouldn't fit.
        self.sessions.lock().last as i64
    }

    /// A statement begins.
    pub(crate) fn begin(&self, command: &'static str) {
        self.change(|session| {
            session.command = command;
            session.started = now();
            session.ended = None;
        });
    }

    /// A statement has ended, and left the session in a database and so many transactions.
    pub(crate) fn end(&self, database: i64, transactions: u32) {
        self.change(|session| {
            session.database = database;
            session.transactions = transactions;
            session.ended = Some(now());
        });
    }

    /// An external script begins, or ends.
    pub(crate) fn runs_script(&self, request: Option<Uuid>) {
        self.change(|session| session.script = request);
    }

    /// The session belongs to another workload group than that of its opener.
    pub(crate) fn set_group(&self, group: i64) {
        self.change(|session| session.group = group);
    }

    /// The session's workload group.
    pub(crate) fn group(&self) -> i64 {
        let entries = self.sessions.lock();
        entries.sessions.get(&self.key).map_or(DEFAULT_GROUP, |session| session.group)
    }

    /// The workload groups of all sessions.
    pub(crate) fn groups(&self) -> Vec<i64> {
        self.sessions.lock().sessions.values().map(|session| session.group).collect()
    }

    /// The rows of `catalog.sessions`, in the order of its columns: of all sessions or of this
    /// one.
    pub(crate) fn rows(&self, all: bool) -> Vec<Value> {
        let entries = self.sessions.lock();
        let shown = entries.sessions.iter().filter(|(key, _)| all || **key == self.key);
        shown.map(|(_, session)| session.row()).collect()
    }

    /// Whether a session has come with a login.
    pub(crate) fn is_present(&self, login: &str) -> bool {
        self.sessions.lock().sessions.values().any(|session| session.login == login)
    }

    /// The session has ended.
    pub(crate) fn leave(&self) {
        self.sessions.lock().sessions.remove(&self.key);
    }

    fn change(&self, change: impl FnOnce(&mut LiveSession)) {
        if let Some(session) = self.sessions.lock().sessions.get_mut(&self.key) {
            change(session);
        }
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.leave();
    }
}

// === impl LiveSession ===

impl LiveSession {
    /// A session that has logged in under `name`.
    pub(crate) fn new(login: &Login, name: &str, database: i64, group: i64) -> Self {
        let now = now();
        LiveSession {
            spid: login.spid,
            login: name.to_owned(),
            program: login.program.clone(),
            host: login.host.clone(),
            client: login.client.clone(),
            database,
            login_time: now,
            started: now,
            ended: Some(now),
            command: "",
            transactions: 0,
            script: None,
            group,
        }
    }

    fn row(&self) -> Value {
        let client = &self.client;
        let local = |utc: i64| utc + i64::from(zone::server_offset(utc)) * TICKS_PER_MINUTE;
        let ip =
            |address: Option<std::net::SocketAddr>| address.map(|known| known.ip().to_string());
        let port = |address: Option<std::net::SocketAddr>| address.map(|known| known.port());
        json!([
            self.spid,
            self.login,
            self.program,
            self.host,
            self.database,
            local(self.login_time),
            local(self.started),
            self.ended.map(local),
            self.command,
            self.transactions,
            client.process_id,
            client.interface,
            client.protocol_version,
            client.packet_size,
            u8::from(client.encrypted),
            ip(client.address),
            port(client.address),
            ip(client.local_address),
            port(client.local_address),
            self.script.map(|request| request.to_string()),
            self.group,
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Secret;

    fn login(spid: u16) -> LiveSession {
        let login = Login {
            user: "sa".into(),
            password: Secret::default(),
            new_password: None,
            database: String::new(),
            spid,
            program: "tests".into(),
            host: "here".into(),
            client: Client::default(),
        };
        LiveSession::new(&login, "sa", 1, DEFAULT_GROUP)
    }

    #[test]
    fn a_session_is_listed_while_its_entry_lives() {
        let sessions = Arc::new(Sessions::default());
        let first = sessions.enter(login(51));
        let second = sessions.enter(login(52));
        first.begin("SELECT");
        let rows = second.rows(true);
        assert_eq!(
            (&rows[0][0], &rows[0][8], &rows[0][7]),
            (&json!(51), &json!("SELECT"), &Value::Null)
        );
        first.end(5, 2);
        let rows = second.rows(true);
        assert_eq!((&rows[0][4], &rows[0][9]), (&json!(5), &json!(2)));
        assert!(rows[0][7].is_i64());
        drop(first);
        assert_eq!(second.rows(true).len(), 1);
    }
}
