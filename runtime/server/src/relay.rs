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
mod login;
mod request;

use std::io;

use launchpod_sqlserver::{Channel, Line, Receiver, Sender, SqlServer, connection_lost};
use launchpod_tds::client::packets::{Packet, PacketReader};
use launchpod_tds::message::{ClientMessage, Reset};
use launchpod_tds::packet::{PacketStatus, PacketType};
use launchpod_tds::token::Done;
use launchpod_tds::version::TdsVersion;
use tokio::io::{AsyncReadExt as _, ReadHalf, WriteHalf};
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use self::exchange::Exchange;
pub(crate) use self::login::log_in;
use self::request::{Held, Request};
use crate::connection::Runner;
use crate::respond::Responder;
use crate::transport::Transport;

/// How much is read from a client's socket at once.
const READ_SIZE: usize = 16 << 10;

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
}

/// What happens while the interpreter runs for a client.
enum Sign {
    Attention,
    Gone,
    /// No client's: the server is gone.
    Lost,
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
        let ending = &self.ending;
        // Moved: a session may be sent to another thread, and not shared with one.
        let requests = async move {
            let mut held = Held::new();
            loop {
                let Some(packet) = next_packet(read, packets).await? else {
                    return io::Result::Ok(None);
                };
                if let Some(request) = pass_request(packet, &mut held, sender, exchange).await? {
                    let request = request.examined(version, |handle| session.has_prepared(handle));
                    if !request.reach.is_nothing() {
                        return Ok(Some(request));
                    }
                    send(&request.packets, sender, exchange).await?;
                }
            }
        };
        let answers = pass_answers(receiver, responder, exchange);
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
                None => Ok(Stop::Closed),
                // What was asked before is answered first.
                Some(request) => tokio::select! {
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
        self.line.lend(channel, request.transaction, request.reset);
        if !self.server.definitions().reach_script(&self.line, &request.reach).await {
            self.take_back().await?;
            let Some(channel) = &mut self.channel else { return Ok(()) };
            return send(&request.packets, &mut channel.sender, &self.exchange).await;
        }
        let interpreted = self.interpret(request).await;
        self.take_back().await?;
        interpreted
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
    async fn interpret(&mut self, request: Request) -> io::Result<()> {
        let runner = &mut self.runner;
        if request.reset != Reset::None {
            // The server resets its session with the first statement.
            runner.session.forget();
            runner.responder.acknowledge_reset();
        }
        match self.line.resume().await {
            Ok(state) => runner.session.resume(
                state.database,
                state.transaction,
                state.no_count,
                state.abort_transaction,
            ),
            Err(error) => return runner.responder.refuse(error).await,
        }
        let message = ClientMessage {
            packet_type: request.packet_type,
            reset: Reset::None,
            payload: request.payload,
        };
        let cancel = self.ending.child_token();
        let gone = self.line.gone();
        let sign = {
            let run = runner.message(message, &cancel);
            let watch = async {
                tokio::select! {
                    sign = watch(&mut self.read, &mut self.packets) => sign,
                    () = gone.cancelled() => Sign::Lost,
                }
            };
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
        let left = self.line.leave(runner.session.no_count()).await;
        if let Err(error) = left {
            debug!(%error, "The session's options couldn't be set");
        }
        match sign {
            None => Ok(()),
            Some(Sign::Attention) => runner.responder.finish_with(Done::ATTENTION).await,
            Some(Sign::Lost) => runner.responder.refuse(connection_lost()).await,
            Some(Sign::Gone) => Err(io::ErrorKind::ConnectionAborted.into()),
        }
    }
}

/// The client's next packet; `None` when it is gone. Nothing is lost when the future is dropped.
async fn next_packet(
    read: &mut ReadHalf<Transport>,
    packets: &mut PacketReader,
) -> io::Result<Option<Packet>> {
    loop {
        let packet = packets.next_packet();
        if let Some(packet) =
            packet.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?
        {
            return Ok(Some(packet));
        }
        let input = packets.input();
        input.reserve(READ_SIZE);
        if read.read_buf(input).await? == 0 {
            return Ok(None);
        }
    }
}

/// Passes a client's packet on, unless it belongs to a request that has to be looked at: that is
/// returned when it is whole.
async fn pass_request(
    packet: Packet,
    held: &mut Held,
    sender: &mut Sender,
    exchange: &Exchange,
) -> io::Result<Option<Request>> {
    let header = packet.header();
    let is_request = matches!(header.packet_type, PacketType::SqlBatch | PacketType::Rpc);
    // One that is taken back passes: the server answers that, as it does an unfinished message.
    let is_taken_back = packet.is_last() && header.status.contains(PacketStatus::IGNORE);
    if is_request && !is_taken_back {
        return held.push(packet);
    }
    for before in held.take() {
        sender.bytes(before.bytes()).await?;
    }
    if header.packet_type == PacketType::Attention {
        exchange.attention();
    } else if packet.is_last() {
        exchange.asked();
    }
    sender.bytes(packet.bytes()).await?;
    sender.flush().await?;
    Ok(None)
}

/// Sends a whole request as it came.
async fn send(packets: &[Packet], sender: &mut Sender, exchange: &Exchange) -> io::Result<()> {
    exchange.asked();
    for packet in packets {
        sender.bytes(packet.bytes()).await?;
    }
    sender.flush().await
}

/// Passes the server's packets on until it closes the connection.
async fn pass_answers(
    receiver: &mut Receiver,
    responder: &mut Responder<WriteHalf<Transport>>,
    exchange: &Exchange,
) -> io::Result<()> {
    while let Some(packet) = receiver.packet().await? {
        responder.pass(packet.bytes()).await?;
        exchange.answered(&packet);
    }
    Ok(())
}

/// Waits until the client cancels or is gone. What else it sends waits for its turn.
async fn watch(read: &mut ReadHalf<Transport>, packets: &mut PacketReader) -> Sign {
    match next_packet(read, packets).await {
        Ok(Some(packet)) if packet.header().packet_type == PacketType::Attention => Sign::Attention,
        // A client that doesn't wait for its answer can't be served.
        Ok(_) | Err(_) => Sign::Gone,
    }
}
