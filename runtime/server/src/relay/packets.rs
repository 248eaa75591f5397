//! Packets of a client's and of the server's, passed on and watched for.

use std::io;

use launchpod_sqlserver::{Receiver, Sender};
use launchpod_tds::client::packets::{Packet, PacketReader};
use launchpod_tds::packet::{PacketStatus, PacketType};
use tokio::io::{AsyncReadExt as _, ReadHalf, WriteHalf};
use tokio_util::sync::CancellationToken;

use super::exchange::Exchange;
use super::explain::Explanation;
use crate::respond::Responder;
use crate::transport::Transport;

/// How much is read from a client's socket at once.
const READ_SIZE: usize = 16 << 10;

/// What happens while the interpreter runs for a client.
pub(super) enum Sign {
    Attention,
    Gone,
    /// No client's: the server is gone.
    Lost,
}

/// The client's next packet; `None` when it is gone. Nothing is lost when the future is dropped.
pub(super) async fn next_packet(
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

/// Whether a client's packet belongs to a request that has to be looked at when it is whole.
pub(super) fn is_held(packet: &Packet) -> bool {
    let header = packet.header();
    let is_request = matches!(header.packet_type, PacketType::SqlBatch | PacketType::Rpc);
    // One that is taken back passes: the server answers that, as it does an unfinished message.
    let is_taken_back = packet.is_last() && header.status.contains(PacketStatus::IGNORE);
    is_request && !is_taken_back
}

/// Passes a client's packet on, after those of its message that were held.
pub(super) async fn pass_request(
    packet: Packet,
    held: Vec<Packet>,
    sender: &mut Sender,
    exchange: &Exchange,
) -> io::Result<()> {
    for before in held {
        sender.bytes(before.bytes()).await?;
    }
    if packet.header().packet_type == PacketType::Attention {
        exchange.attention();
    } else if packet.is_last() {
        exchange.asked();
    }
    sender.bytes(packet.bytes()).await?;
    sender.flush().await
}

/// Sends a whole request as it came.
pub(super) async fn send(
    packets: &[Packet],
    sender: &mut Sender,
    exchange: &Exchange,
) -> io::Result<()> {
    exchange.asked();
    for packet in packets {
        sender.bytes(packet.bytes()).await?;
    }
    sender.flush().await
}

/// Passes the server's packets on until it closes the connection.
pub(super) async fn pass_answers(
    receiver: &mut Receiver,
    responder: &mut Responder<WriteHalf<Transport>>,
    exchange: &Exchange,
    explanation: &mut Option<Explanation>,
) -> io::Result<()> {
    while let Some(packet) = receiver.packet().await? {
        match explanation {
            None => responder.pass(packet.bytes()).await?,
            Some(answer) => {
                let bytes = answer.push(&packet);
                responder.pass(&bytes).await?;
            }
        }
        if packet.is_last() {
            *explanation = None;
        }
        exchange.answered(&packet);
    }
    Ok(())
}

/// Waits until the client cancels or is gone, or the server is. What else the client sends waits
/// for its turn.
pub(super) async fn watch(
    read: &mut ReadHalf<Transport>,
    packets: &mut PacketReader,
    gone: &CancellationToken,
) -> Sign {
    tokio::select! {
        packet = next_packet(read, packets) => match packet {
            Ok(Some(packet)) if packet.header().packet_type == PacketType::Attention => {
                Sign::Attention
            }
            // A client that doesn't wait for its answer can't be served.
            Ok(_) | Err(_) => Sign::Gone,
        },
        () = gone.cancelled() => Sign::Lost,
    }
}
