//! Replies of a session as tokens on the wire.

use std::io;

use bytes::BytesMut;
use launchpod_session::{
    DoneKind, DonePlace, Reply, ReturnValue, StatementDone, TransactionChange,
};
use launchpod_sqlserver::Line;
use launchpod_tds::token::{
    self, Done, DoneStatus, EnvChange, MessageKind, ReturnKind, ReturnStatus, encode_columns,
};
use launchpod_tds::writer::PacketWriter;
use launchpod_types::{Message, SqlError};
use launchpod_wire::types;
use tokio::io::{AsyncWrite, AsyncWriteExt as _};
use tokio_util::sync::CancellationToken;

use crate::rows::{ResultColumns, Rows, RowsError};

/// Bytes of finished packets that are written to the socket at once.
const WRITE_SIZE: usize = 64 << 10;
/// The most memory that is kept from one write for the next: a value may be much larger.
const KEPT_SIZE: usize = 4 * WRITE_SIZE;

/// Writes the answers of one connection.
pub(crate) struct Responder<W> {
    socket: W,
    packets: PacketWriter,
    wire: BytesMut,
    server_name: String,
    /// Ends a write that nobody will ever read.
    closed: CancellationToken,
    /// The end of a statement, held back until it is known whether more follows.
    pending: Option<StatementDone>,
    columns: Option<ResultColumns>,
    null_bitmaps: bool,
    /// Whether an error was sent since the last end of a statement.
    failed: bool,
    /// Whether the rest of a result set is dropped, since one of its rows couldn't be written.
    broken: bool,
    /// The number of the last transaction that began.
    transaction: u64,
    /// Where transactions get their numbers, when that is a SQL Server behind.
    line: Option<Line>,
}

// === impl Responder ===

impl<W: AsyncWrite + Unpin> Responder<W> {
    pub fn new(
        socket: W,
        packets: PacketWriter,
        server_name: String,
        closed: CancellationToken,
    ) -> Self {
        Responder {
            socket,
            packets,
            wire: BytesMut::new(),
            server_name,
            closed,
            pending: None,
            columns: None,
            null_bitmaps: false,
            failed: false,
            broken: false,
            transaction: 0,
            line: None,
        }
    }

    /// The name that messages carry.
    pub fn server_name(&self) -> &str {
        &self.server_name
    }

    /// Tells the client the numbers that transactions have at a SQL Server behind, since requests
    /// with them are passed on to it.
    pub fn follow(&mut self, line: Line) {
        self.line = Some(line);
    }

    /// Sends packets of a SQL Server's answer as they are.
    pub async fn pass(&mut self, packets: &[u8]) -> io::Result<()> {
        self.wire.extend_from_slice(packets);
        self.send().await
    }

    /// Whether the client knows rows with a bitmap of their NULLs (NBCROW).
    pub fn set_null_bitmaps(&mut self, known: bool) {
        self.null_bitmaps = known;
    }

    /// Appends a reply, and sends what has filled packets. A message is sent at once: it may
    /// be the print of a script that goes on.
    pub async fn reply(&mut self, reply: Reply) -> io::Result<()> {
        if let Reply::Done(done) = reply {
            self.statement_done(done);
            return Ok(());
        }
        self.settle_pending();
        match reply {
            Reply::Columns(columns) => {
                let columns = ResultColumns::new(&columns, self.null_bitmaps);
                encode_columns(columns.wire(), self.packets.tokens());
                self.columns = Some(columns);
                self.broken = false;
            }
            Reply::Batch(batch) => self.batch(&batch).await?,
            Reply::Message(message) => {
                self.message(&message);
                self.packets.flush(&mut self.wire);
                return self.send().await;
            }
            Reply::ReturnStatus(status) => ReturnStatus(status).encode(self.packets.tokens()),
            Reply::ReturnValue(value) => self.return_value(&value),
            Reply::Database { old, new } => {
                EnvChange::Database { new: &new, old: &old }.encode(self.packets.tokens());
            }
            Reply::Transaction(change) => self.transaction(change),
            Reply::Done(_) => {}
        }
        self.send_full().await
    }

    /// Ends the answer to a message.
    pub async fn finish(&mut self) -> io::Result<()> {
        let done = self.pending.take().unwrap_or(StatementDone {
            rows: None,
            kind: DoneKind::Other,
            place: DonePlace::Batch,
            error: self.failed,
        });
        token(done, DoneStatus::FINAL).encode(self.packets.tokens());
        self.end_message().await
    }

    /// Ends what the answer has come to with a token of its own: that which acknowledges an
    /// attention, or a message taken back.
    pub async fn finish_with(&mut self, done: Done) -> io::Result<()> {
        self.settle_pending();
        done.encode(self.packets.tokens());
        self.end_message().await
    }

    /// Answers a message that can't be read with an error.
    pub async fn refuse(&mut self, error: SqlError) -> io::Result<()> {
        self.message(&error.into());
        self.finish().await
    }

    /// Tells the client that its session was reset, as the first token of the answer.
    pub fn acknowledge_reset(&mut self) {
        EnvChange::ResetAcknowledged.encode(self.packets.tokens());
    }

    /// Tells the client the open transaction's descriptor again: it waits for one when it asks
    /// to begin a transaction, also within another ([MS-TDS] 2.2.6.9).
    pub fn repeat_transaction(&mut self) {
        EnvChange::BeginTransaction { descriptor: self.transaction }.encode(self.packets.tokens());
    }

    /// Appends a message.
    pub fn message(&mut self, message: &Message) {
        self.failed |= message.is_error();
        let kind = if message.is_error() { MessageKind::Error } else { MessageKind::Info };
        token::Message {
            kind,
            number: message.number,
            state: message.state,
            class: message.class,
            text: &message.text,
            server: &self.server_name,
            procedure: &message.procedure,
            line: message.line,
        }
        .encode(self.packets.tokens());
    }

    /// Ends the message and sends all of it.
    pub async fn end_message(&mut self) -> io::Result<()> {
        self.pending = None;
        self.columns = None;
        self.failed = false;
        self.packets.finish(&mut self.wire);
        self.send().await
    }

    fn statement_done(&mut self, mut done: StatementDone) {
        self.settle_pending();
        self.failed = false;
        done.error |= std::mem::take(&mut self.broken);
        self.pending = Some(done);
    }

    /// Writes the end that was held back: more follows it.
    fn settle_pending(&mut self) {
        if let Some(done) = self.pending.take() {
            token(done, DoneStatus::MORE).encode(self.packets.tokens());
        }
    }

    async fn batch(&mut self, batch: &arrow_array::RecordBatch) -> io::Result<()> {
        let Some(columns) = self.columns.take() else { return Ok(()) };
        match columns.rows(batch) {
            Ok(rows) => self.rows(&rows).await?,
            Err(error) => self.break_off(&error),
        }
        self.columns = Some(columns);
        Ok(())
    }

    async fn rows(&mut self, rows: &Rows<'_>) -> io::Result<()> {
        for row in 0..rows.count() {
            if self.broken {
                break;
            }
            if let Err(error) = rows.write(row, self.packets.tokens()) {
                self.break_off(&error);
            }
            if self.packets.tokens().len() >= WRITE_SIZE {
                self.send_full().await?;
            }
        }
        Ok(())
    }

    /// Says why a result set has no more rows; its first reason only.
    fn break_off(&mut self, error: &RowsError) {
        if !std::mem::replace(&mut self.broken, true) {
            let text = format!("The result can't be sent: {error}.");
            self.message(&SqlError::new(39010, text).into());
        }
    }

    fn return_value(&mut self, value: &ReturnValue) {
        let type_info = types::type_info(value.sql_type);
        let wire = types::to_wire(&value.value, value.sql_type)
            .unwrap_or(launchpod_tds::types::Value::Null);
        let encoded = token::ReturnValue {
            ordinal: value.ordinal,
            name: &value.name,
            kind: if value.of_function { ReturnKind::Function } else { ReturnKind::Output },
            type_info: &type_info,
            value: &wire,
        }
        .encode(self.packets.tokens());
        if let Err(error) = encoded {
            let text = format!("The value of {} can't be sent: {error}.", value.name);
            self.message(&SqlError::new(39010, text).into());
        }
    }

    fn transaction(&mut self, change: TransactionChange) {
        let change = match change {
            TransactionChange::Began => {
                self.transaction = match &self.line {
                    Some(line) => line.transaction(),
                    None => self.transaction + 1,
                };
                EnvChange::BeginTransaction { descriptor: self.transaction }
            }
            TransactionChange::Committed => {
                EnvChange::CommitTransaction { descriptor: self.transaction }
            }
            TransactionChange::RolledBack => {
                EnvChange::RollbackTransaction { descriptor: self.transaction }
            }
        };
        change.encode(self.packets.tokens());
    }

    /// Sends full packets once there are enough to be worth it.
    async fn send_full(&mut self) -> io::Result<()> {
        self.packets.take_full(&mut self.wire);
        if self.wire.len() < WRITE_SIZE { Ok(()) } else { self.send().await }
    }

    /// Sends what is in packets; their memory serves the next ones.
    async fn send(&mut self) -> io::Result<()> {
        let Responder { socket, wire, closed, .. } = self;
        let write = async {
            socket.write_all(wire).await?;
            socket.flush().await
        };
        let written = tokio::select! {
            written = write => written,
            () = closed.cancelled() => Err(io::ErrorKind::ConnectionAborted.into()),
        };
        if wire.capacity() > KEPT_SIZE {
            *wire = BytesMut::new();
        }
        wire.clear();
        written
    }
}

/// The token that ends a statement.
fn token(done: StatementDone, more: DoneStatus) -> Done {
    let mut status = more;
    if done.rows.is_some() {
        status |= DoneStatus::COUNT;
    }
    if done.error {
        status |= DoneStatus::ERROR;
    }
    let kind = match done.place {
        DonePlace::Batch => token::DoneKind::Done,
        DonePlace::InProcedure => token::DoneKind::InProc,
        DonePlace::Procedure => token::DoneKind::Proc,
    };
    Done { kind, status, command: command(done.kind), rows: done.rows.unwrap_or(0) }
}

/// The values of CurCmd that SQL Server sends (the statement types of its trace events).
fn command(kind: DoneKind) -> u16 {
    match kind {
        DoneKind::Select => 0xc1,
        DoneKind::Insert => 0xc3,
        DoneKind::Delete => 0xc4,
        DoneKind::Update => 0xc5,
        DoneKind::Execute => 0xe0,
        DoneKind::Merge => 0x117,
        DoneKind::Other => 0,
    }
}
