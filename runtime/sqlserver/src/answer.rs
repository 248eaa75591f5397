//! The answer to a statement, as events.

use std::io;
use std::time::Duration;

use launchpod_database::{Event, Variable};
use launchpod_tds::client::environment::Environment;
use launchpod_tds::client::packets::Packet;
use launchpod_tds::client::response::{ServerMessage, Token, TokenReader};
use launchpod_tds::message::Reset;
use launchpod_tds::packet::PacketType;
use launchpod_tds::token::{Done, DoneStatus, ReturnKind};
use launchpod_types::{Message, SqlError, Value};

use crate::batches::Batches;
use crate::channel::Tail;
use crate::job::{Job, JobKind, Talk, output};
use crate::{UNREAD_HINT, is_about_scripts};

/// The longest row: a `(max)` value of 2 GiB and what is around it. Memory grows only as bytes
/// really come.
const ROW_LIMIT: usize = (2 << 30) + (1 << 20);
/// Rows that have come go on when no more come for so long.
const PATIENCE: Duration = Duration::from_millis(20);

/// The kind of statement of a SELECT, CurCmd of [MS-TDS] 2.2.7.6.
const SELECT: u16 = 0xc1;

/// Messages that the interpreter gives by itself: the change of database and of language, and
/// that a statement was terminated.
const OWN_MESSAGES: [i32; 3] = [5701, 5703, 3621];
/// The permission that a statement lacked, of an object.
const OBJECT_PERMISSION: i32 = 229;
/// How Babelfish says so, by a number that it has for many errors.
const PERMISSION_DENIED: &str = "permission denied for ";
/// A transaction that an error has doomed was rolled back where the server's batch ended.
const UNCOMMITTABLE: i32 = 3998;
const CHAINING_HINT: &str = "This procedure holds an external script, so its statements run one by one with the caller's own permissions: ownership chains and EXECUTE AS don't hold within it. Grant the caller the permission, or read the rows in a procedure of their own.";

/// What an answer came to, beside its events.
#[derive(Default)]
pub(crate) struct Heard {
    /// The error that the statement failed with, its last one.
    pub error: Option<SqlError>,
    /// Whether a transaction was rolled back before there was an error: a procedure's own ROLLBACK.
    pub rolled_back_first: bool,
}

/// An answer while it is read.
struct Answer<'a> {
    job: &'a Job,
    batches: Option<Batches>,
    outputs: usize,
    heard: Heard,
    /// Nobody wants the rest, which is taken and dropped.
    stopped: bool,
}

// === impl Talk ===

impl Talk {
    /// Reads the answer to a job's request to its end, whatever becomes of the job.
    ///
    /// # Errors
    /// When the connection breaks, or the server breaks the protocol.
    pub async fn answer(&mut self, job: &Job) -> io::Result<Heard> {
        let mut answer =
            Answer { job, batches: None, outputs: 0, heard: Heard::default(), stopped: false };
        let mut tokens = Some(TokenReader::new(ROW_LIMIT));
        let mut tail = Tail::default();
        let mut attention = false;
        loop {
            if answer.stopped && !attention && self.may_cancel(job) {
                self.channel.sender.message(PacketType::Attention, Reset::None, &[]).await?;
                attention = true;
            }
            let Some(packet) = self.packet(&mut answer).await? else { continue };
            tail.push(packet.body());
            if let Some(reader) = &mut tokens {
                reader.push(packet.body());
                if let Err(error) = self.tokens(reader, &mut answer).await {
                    // What comes is not understood any more; where it ends, packets tell.
                    answer.fail(error);
                    tokens = None;
                }
            }
            if !packet.is_last() {
                continue;
            }
            if !attention || tail.is_attention() {
                if tokens.as_ref().is_some_and(TokenReader::is_mid_token) {
                    answer.fail(cut_short());
                }
                answer.flush().await;
                return Ok(answer.heard);
            }
            // The acknowledgement is an answer of its own.
            tokens = Some(TokenReader::new(ROW_LIMIT));
        }
    }

    /// Whether the rest of an answer that nobody wants is to be cancelled. Under XACT_ABORT that
    /// would roll a transaction back, which only a client that has cancelled itself expects: of
    /// others the rest is read and dropped.
    fn may_cancel(&self, job: &Job) -> bool {
        job.cancel.is_cancelled() || self.state().transaction.depth == 0
    }

    /// The next packet; `None` when something else has happened meanwhile.
    async fn packet(&mut self, answer: &mut Answer<'_>) -> io::Result<Option<Packet>> {
        let ended = || io::Error::from(io::ErrorKind::UnexpectedEof);
        let receiver = &mut self.channel.receiver;
        if answer.stopped {
            return receiver.packet().await?.map(Some).ok_or_else(ended);
        }
        let waits = answer.has_rows();
        tokio::select! {
            biased;
            () = answer.job.cancel.cancelled() => {
                answer.stopped = true;
                Ok(None)
            }
            () = answer.job.events.closed() => {
                answer.stopped = true;
                Ok(None)
            }
            packet = receiver.packet() => packet?.map(Some).ok_or_else(ended),
            () = tokio::time::sleep(PATIENCE), if waits => {
                answer.flush().await;
                Ok(None)
            }
        }
    }

    async fn tokens(
        &mut self,
        tokens: &mut TokenReader,
        answer: &mut Answer<'_>,
    ) -> Result<(), SqlError> {
        let mut offset = tokens.offset();
        while let Some(token) = tokens.next_token().map_err(unread)? {
            match token {
                Token::Row if answer.stopped => {}
                Token::Row => {
                    let bytes = tokens.offset() - offset;
                    if let Some(batches) = &mut answer.batches {
                        let row = tokens.row().map_err(unread)?;
                        batches.push(row, bytes).map_err(|error| broken_row(&error))?;
                        if batches.is_full() {
                            answer.flush().await;
                        }
                    }
                }
                Token::Columns(columns) if columns.is_empty() => {}
                Token::Columns(columns) => {
                    answer.flush().await;
                    let batches = Batches::new(&columns);
                    let described = Event::Columns(batches.columns().clone());
                    answer.batches = Some(batches);
                    answer.send(described).await;
                }
                Token::Done(done) => {
                    answer.flush().await;
                    if done.status.contains(DoneStatus::COUNT) && !answer.is_own(&done) {
                        answer.send(Event::RowsAffected(done.rows)).await;
                    }
                }
                Token::Message(message) => answer.message(message).await,
                Token::Environment(change) => self.environment(change, answer).await,
                Token::ReturnStatus(status) => {
                    if answer.is_procedure() {
                        answer.send(Event::ReturnStatus(status)).await;
                    }
                }
                Token::ReturnValue(value) => {
                    let kind = value.kind;
                    let value = output(value);
                    if kind == ReturnKind::Function {
                        answer.send(Event::Returned(value)).await;
                    } else if answer.is_procedure() {
                        // In the order of the arguments: some servers tell neither place nor name.
                        let place = answer.outputs;
                        answer.outputs += 1;
                        if answer.job.request.place_of_returned() == Some(place) {
                            answer.returned(value).await;
                        } else {
                            answer.send(Event::Output { place, value }).await;
                        }
                    } else {
                        self.state().set_identity(&value.value);
                    }
                }
                Token::LoginAck(_) | Token::Passed(_) => {}
            }
            offset = tokens.offset();
        }
        Ok(())
    }

    async fn environment(&mut self, change: Environment, answer: &mut Answer<'_>) {
        match change {
            Environment::Database(name) => {
                self.state().database.clone_from(&name);
                answer.send(Event::Database(name)).await;
            }
            Environment::BeginTransaction(descriptor) => {
                let mut state = self.state();
                state.descriptor = descriptor;
                state.transaction.depth = state.transaction.depth.max(1);
            }
            Environment::CommitTransaction | Environment::RollbackTransaction => {
                answer.heard.rolled_back_first |= answer.heard.error.is_none();
                let mut state = self.state();
                state.descriptor = 0;
                state.transaction.depth = 0;
            }
            _ => {}
        }
    }
}

// === impl Answer ===

impl Answer<'_> {
    fn is_procedure(&self) -> bool {
        matches!(self.job.kind, JobKind::Unknown)
    }

    /// Whether a count is of the statement that brings an INSERT's identity back, not the INSERT's:
    /// some servers count the rows of a SET, as those of a SELECT.
    fn is_own(&self, done: &Done) -> bool {
        done.command == SELECT && self.job.request.brings_identity()
    }

    /// Whether the interpreter gives a message by itself. All that a USE says is that the database
    /// has changed, by whatever number.
    fn is_told_anyway(&self, number: i32) -> bool {
        OWN_MESSAGES.contains(&number) || matches!(self.job.kind, JobKind::Use)
    }

    fn has_rows(&self) -> bool {
        self.batches.as_ref().is_some_and(Batches::has_rows)
    }

    /// Hands an event on; the job is stopped when nobody takes it.
    async fn send(&mut self, event: Event) {
        // Who has cancelled still has to know of what has changed.
        let change = matches!(event, Event::Database(_));
        if self.stopped && !change {
            return;
        }
        let sent = tokio::select! {
            sent = self.job.events.send(Ok(event)) => sent.is_ok(),
            () = self.job.cancel.cancelled(), if !change => false,
        };
        self.stopped |= !sent;
    }

    /// Hands on what a call within a text has returned: a status, or a function's value.
    async fn returned(&mut self, value: Variable) {
        if let Value::Int(status) = value.value
            && let Ok(status) = i32::try_from(status)
        {
            self.send(Event::ReturnStatus(status)).await;
        }
        self.send(Event::Returned(value)).await;
    }

    /// Hands on the rows that have come.
    async fn flush(&mut self) {
        match self.batches.as_mut().map(Batches::take) {
            None | Some(Ok(None)) => {}
            Some(Ok(Some(batch))) => self.send(Event::Batch(batch)).await,
            Some(Err(error)) => {
                let error = broken_row(&error);
                self.fail(error);
            }
        }
    }

    /// The statement has failed here: the rest of its answer is of no use.
    fn fail(&mut self, error: SqlError) {
        self.batches = None;
        self.heard.error.get_or_insert(error);
        self.stopped = true;
    }

    async fn message(&mut self, message: ServerMessage) {
        let is_error = message.is_error;
        let mut message = self.located(message);
        if !is_error {
            if !self.is_told_anyway(message.number) {
                self.send(Event::Message(message)).await;
            }
            return;
        }
        if message.number == UNCOMMITTABLE && self.heard.error.is_some() {
            // The interpreter says so itself where its batch ends.
            return;
        }
        // In the error's own text: the messages of an input query go nowhere.
        if is_of_permission(&message) && self.job.depth > 1 {
            message.text = format!("{} {CHAINING_HINT}", message.text);
        } else if self.is_procedure() && is_about_scripts(message.number, &message.text) {
            message.text = format!("{} {UNREAD_HINT}", message.text);
        }
        // Of several errors the last is what the statement fails with; the others go before it.
        if let Some(before) = self.heard.error.replace(SqlError(Box::new(message))) {
            self.send(Event::Message(before.into())).await;
        }
    }

    /// A message with the line that it has in the text that the statement stands in.
    fn located(&self, message: ServerMessage) -> Message {
        let line = match message.line {
            0 => 0,
            line if message.procedure.is_empty() => line + self.job.line.saturating_sub(1),
            line => line,
        };
        Message {
            number: message.number,
            state: message.state,
            class: message.class,
            text: message.text,
            line,
            procedure: message.procedure,
        }
    }
}

/// Whether an error is that the caller lacks a permission on an object.
fn is_of_permission(error: &Message) -> bool {
    error.number == OBJECT_PERMISSION || error.text.starts_with(PERMISSION_DENIED)
}

fn unread(error: launchpod_tds::ProtocolError) -> SqlError {
    SqlError::new(39010, format!("The server's answer can't be read: {error}."))
}

fn cut_short() -> SqlError {
    SqlError::new(39010, "The server's answer can't be read: it ends within a token.")
}

fn broken_row(error: &dyn std::fmt::Display) -> SqlError {
    SqlError::new(39010, format!("The server's rows can't be read: {error}."))
}
