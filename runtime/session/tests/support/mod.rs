//! Runs batches on an embedded database, without workers, and says what they answer.

#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod nobody;

use std::sync::Arc;

use launchpod_database::sqlite::{Embedded, Options};
use launchpod_database::{Database as _, Login, Secret};
use launchpod_exchange::value_at;
use launchpod_session::configuration::Configuration;
use launchpod_session::{DonePlace, Instance, Reply, Session};
use launchpod_types::{Column, Value};
use tokio_util::sync::CancellationToken;

/// A session on a database of its own.
pub struct Client {
    session: Session,
    database: Arc<Embedded>,
    instance: Arc<Instance>,
    folder: Arc<tempfile::TempDir>,
}

impl Client {
    pub async fn new() -> Client {
        let folder = tempfile::tempdir().unwrap();
        let database = Embedded::open(folder.path(), Options::default()).unwrap();
        database.set_password("sa", &Secret::new("pass")).unwrap();
        let configuration = Configuration::open(&folder.path().join("options.json")).unwrap();
        let instance = Arc::new(Instance::new(configuration, nobody::controller()));
        Client::on(Arc::new(database), instance, Arc::new(folder)).await
    }

    /// A session beside this one.
    pub async fn another(&self) -> Client {
        let (database, instance) = (Arc::clone(&self.database), Arc::clone(&self.instance));
        Client::on(database, instance, Arc::clone(&self.folder)).await
    }

    async fn on(
        database: Arc<Embedded>,
        instance: Arc<Instance>,
        folder: Arc<tempfile::TempDir>,
    ) -> Client {
        let login = Login {
            user: "sa".into(),
            password: Secret::new("pass"),
            new_password: None,
            database: String::new(),
            spid: 51,
            program: "tests".into(),
            host: "here".into(),
            client: launchpod_database::Client::default(),
        };
        let session = Session::new(Arc::clone(&instance), database.login(login).await.unwrap());
        Client { session, database, instance, folder }
    }

    /// What a batch answers, a word for each reply: `a int, b int: 1|2; 3|4` for rows, `(2)` for
    /// a count, `!208@3` for an error with its line, `text` for a message, `=5` for a status.
    pub async fn run(&mut self, sql: &str) -> String {
        let (replies, mut received) = tokio::sync::mpsc::channel(4);
        let cancel = CancellationToken::new();
        let listening = async move {
            let mut answer = Answer::default();
            while let Some(reply) = received.recv().await {
                answer.add(reply);
            }
            answer.finish()
        };
        let session = &mut self.session;
        let running = async move { session.batch(sql, &replies, &cancel).await };
        let ((), answer) = tokio::join!(running, listening);
        answer
    }

    pub async fn reset(&mut self) {
        self.session.reset(false).await;
    }

    /// Runs each batch, and compares what it answers.
    pub async fn check(&mut self, cases: &[(&str, &str)]) {
        let mut wrong = Vec::new();
        for (sql, expected) in cases {
            let got = self.run(sql).await;
            if got != *expected {
                wrong.push(format!("{sql}\n  expected {expected}\n  got      {got}"));
            }
        }
        assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    }
}

#[derive(Default)]
struct Answer {
    words: Vec<String>,
    columns: Vec<Column>,
    rows: Option<Vec<String>>,
}

impl Answer {
    fn add(&mut self, reply: Reply) {
        match reply {
            Reply::Columns(columns) => {
                self.end_rows();
                let column = |column: &Column| format!("{} {}", column.name, column.sql_type);
                self.words.push(columns.iter().map(column).collect::<Vec<_>>().join(", "));
                self.columns = columns.to_vec();
                self.rows = Some(Vec::new());
            }
            Reply::Batch(batch) => {
                for row in 0..batch.num_rows() {
                    let columns = self.columns.iter().zip(batch.columns());
                    let value = columns
                        .map(|(column, array)| shown(&value_at(array, row, column.sql_type)));
                    let row = value.collect::<Vec<_>>().join("|");
                    self.rows.get_or_insert_default().push(row);
                }
            }
            Reply::Done(done) => {
                let counted = self.rows.is_none();
                self.end_rows();
                if let Some(count) =
                    done.rows.filter(|_| counted && done.place != DonePlace::Procedure)
                {
                    self.words.push(format!("({count})"));
                }
            }
            Reply::Message(message) if message.is_error() => {
                self.end_rows();
                self.words.push(format!("!{}@{}", message.number, message.line));
            }
            Reply::Message(message) if message.number != 5701 => self.words.push(message.text),
            Reply::ReturnStatus(status) if status != 0 => self.words.push(format!("={status}")),
            _ => {}
        }
    }

    fn end_rows(&mut self) {
        if let Some(rows) = self.rows.take()
            && let Some(word) = self.words.last_mut()
        {
            word.push_str(&format!(": {}", rows.join("; ")));
        }
    }

    fn finish(mut self) -> String {
        self.end_rows();
        self.words.join(" ")
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "NULL".to_owned(),
        Value::Int(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Text(text) => text.clone(),
        Value::Decimal(decimal) => decimal.to_string(),
        other => format!("{other:?}"),
    }
}
