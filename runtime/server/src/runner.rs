//! What a client asks for, run and answered one message after the other.

use std::io;

use launchpod_database::EVENTS_IN_FLIGHT;
use launchpod_session::{
    Call, CallArgument, REPLIES_IN_FLIGHT, Replies, Reply, Session,
    TransactionRequest as SessionTransaction,
};
use launchpod_tds::ProtocolError;
use launchpod_tds::batch::SqlBatch;
use launchpod_tds::message::{ClientMessage, Reset};
use launchpod_tds::packet::PacketType;
use launchpod_tds::rpc::{Procedure, RpcCall, RpcCalls, RpcParameter};
use launchpod_tds::token::Done;
use launchpod_tds::transaction::{Isolation, TransactionAction, TransactionRequest};
use launchpod_tds::version::TdsVersion;
use launchpod_types::{Parameter, SqlError};
use launchpod_wire::types;
use tokio::io::WriteHalf;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::bulk::{self, Piece};
use crate::refusal::{ENDS_CONNECTION, refusal};
use crate::respond::Responder;
use crate::transport::Transport;

/// The greatest message: a `(max)` value of 2 GiB and the call around it. Memory grows only as
/// bytes really come.
pub(crate) const MESSAGE_LIMIT: usize = (2 << 30) + (1 << 20);

/// What the reader hands to the runner.
pub(crate) enum Request {
    /// A message to run, with what cancels it.
    Run(ClientMessage, CancellationToken),
    /// A bulk load that begins, with what cancels it.
    Load(Reset, mpsc::Receiver<Piece>, CancellationToken),
    /// The client wants its attention acknowledged.
    Attention,
    /// The client took a message back.
    Ignored,
    /// The client broke the protocol.
    Broken(ProtocolError),
}

/// The side of a connection that runs messages and answers.
pub(crate) struct Runner {
    pub session: Session,
    pub responder: Responder<WriteHalf<Transport>>,
    pub version: TdsVersion,
}

// === impl Runner ===

impl Runner {
    /// Runs messages until the client is gone or the server closes.
    pub(crate) async fn run(
        &mut self,
        mut requests: mpsc::Receiver<Request>,
        closing: &CancellationToken,
    ) -> io::Result<()> {
        loop {
            let request = tokio::select! {
                biased;
                request = requests.recv() => request,
                () = closing.cancelled() => return Ok(()),
            };
            match request {
                None => return Ok(()),
                // A client that has always more to ask would else use up the grace time.
                Some(Request::Run(..) | Request::Load(..)) if closing.is_cancelled() => {
                    return Ok(());
                }
                Some(Request::Run(message, cancel)) => self.message(message, &cancel).await?,
                Some(Request::Load(reset, pieces, cancel)) => {
                    self.reset(reset).await;
                    self.work(Work::Load(pieces), &cancel).await?;
                }
                Some(Request::Attention) => self.responder.finish_with(Done::ATTENTION).await?,
                Some(Request::Ignored) => self.responder.finish_with(Done::IGNORED).await?,
                Some(Request::Broken(error)) => {
                    warn!(%error, "The client broke the protocol");
                    return self.responder.refuse(refusal(&error)).await;
                }
            }
        }
    }

    /// Runs a message and answers it, unless it was cancelled: then the attention that comes
    /// next is what ends the answer.
    pub async fn message(
        &mut self,
        message: ClientMessage,
        cancel: &CancellationToken,
    ) -> io::Result<()> {
        self.reset(message.reset).await;
        let payload = &message.payload;
        let decoded = match message.packet_type {
            PacketType::SqlBatch => SqlBatch::decode(payload, self.version).map(Work::Batch),
            PacketType::Rpc => RpcCalls::new(payload, self.version).map(Work::Calls),
            PacketType::TransactionManager => {
                TransactionRequest::decode(payload, self.version).map(Work::Transaction)
            }
            other => {
                let text = format!("A message of type {other:?} is not supported here.");
                return self.responder.refuse(SqlError::with_class(4002, 16, text)).await;
            }
        };
        match decoded {
            Ok(work) => self.work(work, cancel).await,
            Err(error) => {
                self.responder.refuse(refusal(&error)).await?;
                if error.is_unsupported() {
                    return Ok(());
                }
                Err(io::Error::new(io::ErrorKind::InvalidData, error))
            }
        }
    }

    /// Makes the session as new when a message asks for it.
    async fn reset(&mut self, reset: Reset) {
        if reset != Reset::None {
            self.session.reset(reset == Reset::SessionKeepTransaction).await;
            self.responder.acknowledge_reset();
        }
    }

    /// Runs what a message asks for, and sends replies as they come.
    async fn work(&mut self, work: Work<'_>, cancel: &CancellationToken) -> io::Result<()> {
        let (replies, mut incoming) = mpsc::channel(REPLIES_IN_FLIGHT);
        let session = &mut self.session;
        let responder = &mut self.responder;
        let begins = matches!(
            &work,
            Work::Transaction(TransactionRequest { action: TransactionAction::Begin(_), .. })
        );
        if begins && session.transaction().depth > 0 {
            // The session tells of a transaction's begin, not of one within it.
            responder.repeat_transaction();
        }
        let running = async move { work.run(session, &replies, cancel).await };
        let responding = async move {
            while let Some(reply) = incoming.recv().await {
                // A cancelled client wants no more than what has changed and the end of the answer.
                let change = matches!(reply, Reply::Transaction(_) | Reply::Database { .. });
                if change || !cancel.is_cancelled() {
                    responder.reply(reply).await?;
                }
            }
            if cancel.is_cancelled() { Ok(()) } else { responder.finish().await }
        };
        let (understood, responded) = tokio::join!(running, responding);
        responded?;
        understood.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
    }
}

/// What a message asks for.
enum Work<'a> {
    Batch(SqlBatch),
    Calls(RpcCalls<'a>),
    Transaction(TransactionRequest),
    Load(mpsc::Receiver<Piece>),
}

// === impl Work ===

impl Work<'_> {
    /// Runs it. The error of a call that can't be understood is sent like any other, and
    /// returned when the rest of what the client sends can't be trusted either.
    async fn run(
        self,
        session: &mut Session,
        replies: &Replies,
        cancel: &CancellationToken,
    ) -> Result<(), ProtocolError> {
        match self {
            Work::Load(pieces) => return load(pieces, session, replies, cancel).await,
            Work::Batch(batch) => session.batch(&batch.text, replies, cancel).await,
            Work::Calls(calls) => {
                for call in calls {
                    if cancel.is_cancelled() {
                        break;
                    }
                    match call {
                        Ok(call) if call.no_exec => {}
                        Ok(call) => session.call(session_call(call), replies, cancel).await,
                        Err(error) => {
                            // A client that is gone has nothing to be told.
                            let refusal = refusal(&error);
                            let ends = refusal.0.class >= ENDS_CONNECTION;
                            let _ = replies.send(Reply::Message(refusal.into())).await;
                            return if ends { Err(error) } else { Ok(()) };
                        }
                    }
                }
            }
            Work::Transaction(request) => {
                if let Some(level) = isolation_to_set(&request.action) {
                    let text = format!("SET TRANSACTION ISOLATION LEVEL {level}");
                    session.batch(&text, replies, cancel).await;
                }
                match session_transaction(request.action) {
                    Change::Transaction(change) => {
                        session.change_transaction(change, replies, cancel).await;
                    }
                    Change::Save(text) => session.batch(&text, replies, cancel).await,
                }
            }
        }
        Ok(())
    }
}

/// Runs a bulk load. Its error is sent like any other, and returned as of [`Work::run`].
async fn load(
    pieces: mpsc::Receiver<Piece>,
    session: &mut Session,
    replies: &Replies,
    cancel: &CancellationToken,
) -> Result<(), ProtocolError> {
    if !session.expects_rows() {
        bulk::drain(pieces).await;
        let error = ProtocolError::unannounced();
        // A client that is gone has nothing to be told.
        let _ = replies.send(Reply::Message(refusal(&error).into())).await;
        return Err(error);
    }
    let (rows, events) = mpsc::channel(EVENTS_IN_FLIGHT);
    let (understood, ()) =
        tokio::join!(bulk::pass_on(pieces, rows), session.bulk_load(events, replies, cancel));
    understood
}

fn session_call(call: RpcCall) -> Call {
    let procedure = match call.procedure {
        Procedure::Named(name) => name,
        Procedure::Special(special) => special.name().to_owned(),
    };
    let argument = |parameter: RpcParameter| CallArgument {
        parameter: Parameter {
            name: parameter.name,
            sql_type: types::sql_type(&parameter.type_info),
            value: types::from_wire(parameter.value),
            output: parameter.by_reference,
        },
        is_default: parameter.default,
    };
    Call { procedure, arguments: call.parameters.into_iter().map(argument).collect() }
}

/// What a transaction manager request comes to.
enum Change {
    Transaction(SessionTransaction),
    /// SAVE TRANSACTION as T-SQL.
    Save(String),
}

/// The isolation level that a request sets for the transaction that it begins, as T-SQL has it.
fn isolation_to_set(action: &TransactionAction) -> Option<&'static str> {
    let begin = match action {
        TransactionAction::Begin(begin) => Some(begin),
        TransactionAction::Commit { then, .. } | TransactionAction::Rollback { then, .. } => {
            then.as_ref()
        }
        TransactionAction::Save { .. } => None,
    };
    Some(match begin?.isolation? {
        Isolation::ReadUncommitted => "READ UNCOMMITTED",
        Isolation::ReadCommitted => "READ COMMITTED",
        Isolation::RepeatableRead => "REPEATABLE READ",
        Isolation::Serializable => "SERIALIZABLE",
        Isolation::Snapshot => "SNAPSHOT",
    })
}

fn session_transaction(action: TransactionAction) -> Change {
    match action {
        TransactionAction::Begin(_) => Change::Transaction(SessionTransaction::Begin),
        TransactionAction::Commit { then, .. } => {
            Change::Transaction(SessionTransaction::Commit { begin_next: then.is_some() })
        }
        TransactionAction::Rollback { then, .. } => {
            Change::Transaction(SessionTransaction::Rollback { begin_next: then.is_some() })
        }
        TransactionAction::Save { name } => {
            Change::Save(format!("SAVE TRANSACTION [{}]", name.replace(']', "]]")))
        }
    }
}
