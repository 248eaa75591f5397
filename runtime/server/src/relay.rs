//! A client whose session is at a SQL Server behind.
//!
//! Packets pass both ways as they come. Only a batch or call that may reach an external script is
//! held: the server is asked for the definitions of what it calls, and if it does reach one, the
//! interpreter runs it over the same connection, statement by statement.
//!
//! ```text
//!  client ─▶ requests ─┬─ no script ────────────────────────────▶ server
//!                      └─ may reach one ─▶ definitions ─▶ interpreter ─▶ (Line) ─▶ server
//!  client ◀─ answers ◀──── as they come ─────────────────────────── server
//! ```

mod exchange;
mod explain;
mod login;
mod packets;
mod request;

use std::io;

use launchpod_sqlserver::{
    Channel, Left, Line, LookBack, Reached, SqlServer, connection_lost, no_cursor,
};
use launchpod_tds::client::packets::PacketReader;
use launchpod_tds::message::{ClientMessage, Reset};
use launchpod_tds::rpc::SpecialProcedure;
use launchpod_tds::token::Done;
use launchpod_tds::version::TdsVersion;
use launchpod_types::SqlError;
use tokio::io::ReadHalf;
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use self::exchange::Exchange;
use self::explain::Explanation;
pub(crate) use self::login::log_in;
use self::packets::{Sign, is_held, next_packet, pass_answers, pass_request, send, watch};
use self::request::{Held, Request, TooLong, reset_of};
use crate::runner::{MESSAGE_LIMIT, Runner};
use crate::transport::Transport;

/// A client's connection and the one to the server that belongs to it.
pub(crate) struct Relay {
    read: ReadHalf<Transport>,
    packets: PacketReader,
    runner: Runner,
    /// `None` while it is lent.
    channel: Option<Channel>,
    line: Line,
    server: SqlServer,
    version: TdsVersion,
    exchange: Exchange,
    /// Of the answer that comes next, when it may have to be explained.
    explanation: Option<Explanation>,
    /// What the interpreter's batches have left for those that the server runs.
    left: Left,
    /// Fires when what runs is to be cancelled.
    ending: CancellationToken,
}

/// Why packets are no longer passed on.
enum Stop {
    /// The client is gone, or the front closes.
    Closed,
    /// The server is gone.
    Lost,
    /// A request may reach an external script, and nothing else is under way.
    Held(Request),
    /// A request is too long to be held.
    TooLong,
}

/// What becomes of a request.
enum Looked {
    /// It is run here, and may ask for what batches before it have left.
    Run(Left),
    /// The server runs it; whether a definition on the way to a script couldn't be read.
    Pass { unread: bool },
}

/// What has come from a client, beside what was passed on.
enum Came {
    End,
    Request(Request),
    TooLong,
}

/// Finds out whether a request reaches an external script, and what it asks of the batches before
/// it, of which the interpreter's have left something. One that asks what our own queries take from
/// the server is run here, too.
async fn look(server: &SqlServer, line: &Line, mut left: Left, request: &Request) -> Looked {
    let asked = request.look_back;
    let unknown = LookBack {
        counts: asked.counts && left.counts.is_none(),
        identity: asked.identity && left.identity.is_none(),
        inserts: false,
    };
    let is_ours = left.answers(asked) || unknown.counts;
    // Before anything else is asked: the server counts our queries, too.
    let told = line.left(unknown).await;
    left.counts = left.counts.or(told.counts);
    left.identity = left.identity.or(told.identity);
    match server.definitions().reached(line, &request.reach).await {
        Reached::Script => Looked::Run(left),
        _ if is_ours => Looked::Run(left),
        reached => Looked::Pass { unread: reached == Reached::Unread },
    }
}

// === impl Relay ===

impl Relay {
    /// Serves the client until it or the server is gone, or the front closes and what runs has
    /// ended.
    pub async fn serve(mut self, closing: &CancellationToken) {
        loop {
            let stop = match self.pass_on(closing).await {
                Ok(stop) => stop,
                Err(error) => {
                    debug!(%error, "The connection broke");
                    return;
                }
            };
            let went_on = match stop {
                Stop::Closed => return,
                Stop::Lost => self.lost().await,
                Stop::Held(request) => self.examine(request).await,
                Stop::TooLong => {
                    let error = SqlError::with_class(4014, 20, "A request is longer than 2 GiB.");
                    let _ = self.runner.responder.refuse(error).await;
                    return;
                }
            };
            if let Err(error) = went_on {
                debug!(%error, "The connection broke");
                return;
            }
        }
    }

    /// Passes packets on, both ways at once, until something else is to be done.
    async fn pass_on(&mut self, closing: &CancellationToken) -> io::Result<Stop> {
        let Some(Channel { receiver, sender }) = &mut self.channel else { return Ok(Stop::Lost) };
        let (exchange, version) = (&self.exchange, self.version);
        let Runner { session, responder, .. } = &mut self.runner;
        let (read, packets) = (&mut self.read, &mut self.packets);
        let left = &mut self.left;
        let ending = &self.ending;
        // Moved: a session may be sent to another thread, and not shared with one.
        let requests = async move {
            let mut held = Held::new(MESSAGE_LIMIT);
            loop {
                let Some(packet) = next_packet(read, packets).await? else {
                    return io::Result::Ok(Came::End);
                };
                // What is older than TDS 7.2 we can't read.
                if !is_held(&packet) || !version.has_all_headers() {
                    left.passed(LookBack::default());
                    if reset_of(packet.header().status) != Reset::None {
                        *left = Left::default();
                    }
                    pass_request(packet, held.take(), sender, exchange).await?;
                    continue;
                }
                let request = match held.push(packet) {
                    Ok(Some(request)) => request,
                    Ok(None) => continue,
                    Err(TooLong) => return Ok(Came::TooLong),
                };
                let request = request.examined(version, |handle| session.has_prepared(handle));
                if request.reset != Reset::None {
                    *left = Left::default();
                }
                if !request.reach.is_nothing() || left.answers(request.look_back) {
                    return Ok(Came::Request(request));
                }
                left.passed(request.look_back);
                send(&request.packets, sender, exchange).await?;
            }
        };
        let answers = pass_answers(receiver, responder, exchange, &mut self.explanation);
        let closed = async {
            closing.cancelled().await;
            tokio::select! {
                () = exchange.idle() => {}
                () = ending.cancelled() => {}
            }
        };
        tokio::pin!(answers);
        tokio::select! {
            request = requests => match request? {
                Came::End => Ok(Stop::Closed),
                Came::TooLong => Ok(Stop::TooLong),
                // What was asked before is answered first.
                Came::Request(request) => tokio::select! {
                    lost = &mut answers => lost.map(|()| Stop::Lost),
                    () = exchange.idle() => Ok(Stop::Held(request)),
                },
            },
            lost = &mut answers => lost.map(|()| Stop::Lost),
            () = closed => Ok(Stop::Closed),
        }
    }

    /// The server has closed its connection. A client that waits for an answer of which nothing
    /// has come is told; one in the midst of an answer sees it break off.
    async fn lost(&mut self) -> io::Result<()> {
        warn!("The SQL Server behind has closed a session's connection");
        if self.exchange.is_unanswered() {
            self.runner.responder.refuse(connection_lost()).await?;
        }
        Err(io::ErrorKind::ConnectionAborted.into())
    }

    /// Runs a request that reaches an external script, and passes any other on.
    async fn examine(&mut self, request: Request) -> io::Result<()> {
        let Some(channel) = self.channel.take() else { return self.lost().await };
        let cancel = self.ending.child_token();
        self.line.lend(channel, request.transaction, request.reset, cancel.clone());
        let gone = self.line.gone();
        let looked = tokio::select! {
            looked = look(&self.server, &self.line, self.left, &request) => Ok(looked),
            sign = watch(&mut self.read, &mut self.packets, &gone) => Err(sign),
        };
        match looked {
            Ok(Looked::Run(_)) if request.cursor.is_some() => {
                self.take_back().await?;
                let procedure = request.cursor.map_or("", SpecialProcedure::name);
                self.runner.responder.refuse(no_cursor(procedure)).await
            }
            Ok(Looked::Run(left)) => {
                let interpreted = self.interpret(request, left, cancel, gone).await;
                self.take_back().await?;
                interpreted
            }
            Ok(Looked::Pass { unread }) => {
                self.take_back().await?;
                self.left.passed(request.look_back);
                let Some(channel) = &mut self.channel else { return Ok(()) };
                self.explanation = unread.then(|| {
                    let name = self.runner.responder.server_name().to_owned();
                    Explanation::new(name, channel.sender.packet_size())
                });
                send(&request.packets, &mut channel.sender, &self.exchange).await
            }
            Err(sign) => {
                // What is being asked of the server ends, and nothing is sent to it.
                cancel.cancel();
                let taken_back = self.take_back().await;
                self.obey(sign).await?;
                taken_back
            }
        }
    }

    /// Ends the answer to a request that hasn't run to its end.
    async fn obey(&mut self, sign: Sign) -> io::Result<()> {
        match sign {
            Sign::Attention => self.runner.responder.finish_with(Done::ATTENTION).await,
            Sign::Lost => self.runner.responder.refuse(connection_lost()).await,
            Sign::Gone => Err(io::ErrorKind::ConnectionAborted.into()),
        }
    }

    async fn take_back(&mut self) -> io::Result<()> {
        self.channel = self.line.take_back().await;
        match self.channel {
            Some(_) => Ok(()),
            // Whoever ran over it has told the client.
            None => Err(io::ErrorKind::ConnectionAborted.into()),
        }
    }

    /// Runs a request by the interpreter.
    async fn interpret(
        &mut self,
        request: Request,
        left: Left,
        cancel: CancellationToken,
        gone: CancellationToken,
    ) -> io::Result<()> {
        let runner = &mut self.runner;
        if request.reset != Reset::None {
            // The server resets its session with the first statement.
            runner.session.forget();
            runner.responder.acknowledge_reset();
        }
        let message = ClientMessage {
            packet_type: request.packet_type,
            reset: Reset::None,
            payload: request.payload,
        };
        let sign = {
            let line = &self.line;
            let run = async {
                match line.resume().await {
                    Ok(_) if cancel.is_cancelled() => return Ok(()),
                    Ok(state) => runner.session.resume(
                        state.database,
                        state.transaction,
                        state.no_count,
                        state.abort_transaction,
                        state.module,
                    ),
                    Err(error) => return runner.responder.refuse(error).await,
                }
                runner.session.recall(left.counts.unwrap_or_default());
                line.recall_identity(left.identity.flatten());
                runner.message(message, &cancel).await
            };
            let watch = watch(&mut self.read, &mut self.packets, &gone);
            tokio::pin!(run, watch);
            tokio::select! {
                done = &mut run => {
                    done?;
                    None
                }
                sign = &mut watch => {
                    cancel.cancel();
                    run.await?;
                    Some(sign)
                }
            }
        };
        if let Err(error) = self.line.leave(self.runner.session.no_count()).await {
            debug!(%error, "The session's options couldn't be set");
        }
        self.left.counts = Some(self.runner.session.counts());
        self.left.identity = self.line.left_identity().or(self.left.identity);
        match sign {
            None => Ok(()),
            Some(sign) => self.obey(sign).await,
        }
    }
}
