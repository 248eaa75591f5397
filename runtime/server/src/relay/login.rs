//! From a client's LOGIN7 to a session at the server.

use std::sync::Arc;

use launchpod_database::CallersLogin;
use launchpod_session::Session;
use launchpod_sqlserver::{
    ConnectError, Connected, Credential, Left, Line, SqlServer, as_caller, refused,
};
use launchpod_tds::client::packets::PacketReader;
use launchpod_tds::login::Login;
use launchpod_tds::packet::PacketHeader;
use launchpod_types::SqlError;
use tokio::io::AsyncWriteExt as _;
use tracing::info;

use super::{Exchange, Relay};
use crate::login::{LoginFailure, Unserved, refuse_and_close};
use crate::respond::Responder;
use crate::runner::Runner;
use crate::shared::Shared;

/// Opens a session at the server with a client's login, or a script's with that of its caller, and
/// tells the client what the server said.
pub(crate) async fn log_in(
    shared: &Arc<Shared>,
    server: &SqlServer,
    connection: Unserved,
    said: Login,
    caller: Option<&CallersLogin>,
) -> Result<Relay, LoginFailure> {
    let Unserved { mut transport, mut reader, mut packets } = connection;
    let login = match caller {
        Some(caller) => as_caller(said, caller),
        None => said,
    };
    let connected = match server.upstream().connect(&login).await {
        Ok(connected) => connected,
        Err(ConnectError::Refused { message, answer }) => {
            for packet in answer {
                transport.write_all(&packet).await?;
            }
            transport.flush().await?;
            transport.shutdown().await?;
            let text = message.map_or_else(|| "no reason given".to_owned(), |error| error.text);
            return Err(LoginFailure::Refused(SqlError::with_class(18456, 14, text)));
        }
        Err(error) => {
            let error = refused(error);
            return Err(refuse_and_close(transport, packets, shared, error).await?);
        }
    };
    let Connected { mut channel, answer, version, database } = connected;
    let line = Line::new(login.user_name.clone(), database.clone());
    if let Some(caller) = caller {
        match line.check(channel, caller, &database).await {
            Ok(checked) => channel = checked,
            Err(error) => return Err(refuse_and_close(transport, packets, shared, error).await?),
        }
        shared.instance.controller.note_implied_login().await;
    }
    for packet in &answer {
        transport.write_all(packet).await?;
    }
    transport.flush().await?;
    if let Some(header) = answer.first().and_then(|packet| packet.first_chunk()) {
        packets.set_spid(PacketHeader::decode(header)?.spid);
    }
    packets.set_packet_size(channel.sender.packet_size());

    let remote = server.session(line.clone(), Credential::of(&login));
    let mut session = Session::new(Arc::clone(&shared.instance), Box::new(remote));
    if caller.is_some() {
        session = session.within_script();
    }
    info!(login = %login.user_name, program = %login.app_name, "Logged in at the server behind");
    let (read, write) = tokio::io::split(transport);
    let closed = shared.ending.child_token();
    let mut responder = Responder::new(write, packets, shared.options.name.clone(), closed);
    responder.set_null_bitmaps(version.has_nbc_row());
    responder.follow(line.clone());
    let mut client_packets = PacketReader::new();
    // Nothing as a rule: clients wait for the answer.
    client_packets.input().extend_from_slice(&reader.input().split());
    Ok(Relay {
        read,
        packets: client_packets,
        runner: Runner { session, responder, version },
        channel: Some(channel),
        line,
        server: server.clone(),
        version,
        exchange: Exchange::default(),
        explanation: None,
        left: Left::default(),
        ending: shared.ending.clone(),
    })
}
