//! From a fresh socket to a session: PRELOGIN, TLS, LOGIN7.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use launchpod_database::{Client, Database, Login as DatabaseLogin, WayBack};
use launchpod_session::Session;
use launchpod_tds::ProtocolError;
use launchpod_tds::login::{Login, MAX_LOGIN_LENGTH, feature};
use launchpod_tds::message::{Incoming, MessageReader};
use launchpod_tds::packet::PacketType;
use launchpod_tds::prelogin::{
    Encryption, EncryptionPolicy, Negotiated, Prelogin, Version, negotiate,
};
use launchpod_tds::token::{
    Done, DoneKind, DoneStatus, EnvChange, FeatureExtAck, LoginAck, Message as MessageToken,
    MessageKind,
};
use launchpod_tds::types::Collation;
use launchpod_tds::version::TdsVersion;
use launchpod_tds::writer::PacketWriter;
use launchpod_types::{Message, SqlError};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tracing::{debug, info};

use crate::relay::{self, Relay};
use crate::shared::Shared;
use crate::spid::Spid;
use crate::transport::{Socket, Transport, begin, start_tls};

/// What SQL Server calls itself in LOGINACK.
const PROGRAM: &str = "Microsoft SQL Server";
/// The version we claim: SQL Server 2022 (design decision).
const VERSION: Version = Version { major: 16, minor: 0, build: 1000, sub_build: 0 };
/// The errors after which SQL Server says 18456, too: the database asked for, and the login's own.
const CANNOT_OPEN_DATABASE: [i32; 2] = [4060, 4064];
/// The language of messages.
const LANGUAGE: &str = "us_english";

/// Who has connected.
pub(crate) struct Caller {
    pub socket: Box<dyn Socket>,
    pub address: Option<SocketAddr>,
    pub local_address: Option<SocketAddr>,
    pub origin: Origin,
}

/// Where a connection comes from.
pub(crate) enum Origin {
    /// A client, which says who it is.
    Client,
    /// A script, and whom it is connected as: its name and password say nothing.
    Script(WayBack),
    /// A script that has no connection for a reason of its own, which answers its login.
    Refused(SqlError),
}

/// Where a login has come to.
pub(crate) enum Arrived {
    /// A session of the interpreter's.
    Session(Box<LoggedIn>),
    /// A session at the SQL Server behind.
    Relay(Box<Relay>),
}

/// A connection that has logged in.
pub(crate) struct LoggedIn {
    pub transport: Transport,
    pub reader: MessageReader,
    pub packets: PacketWriter,
    pub session: Session,
    pub version: TdsVersion,
    /// Kept for as long as the session lives.
    pub spid: Spid,
}

/// A connection whose login has been read and not answered.
pub(crate) struct Unserved {
    pub transport: Transport,
    pub reader: MessageReader,
    pub packets: PacketWriter,
}

/// Why a connection didn't come to a session.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoginFailure {
    /// What a port probe or a health check does.
    #[error("the client left before its PRELOGIN was whole")]
    Probe,
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(transparent)]
    Protocol(#[from] ProtocolError),
    #[error("the client sent a {0:?} message before it had logged in")]
    Unexpected(PacketType),
    #[error("the client can't encrypt, and encryption is required")]
    Encryption,
    #[error("login refused: {0}")]
    Refused(SqlError),
}

/// Reads and answers what comes before the first request.
pub(crate) async fn log_in(shared: &Arc<Shared>, caller: Caller) -> Result<Arrived, LoginFailure> {
    let Caller { socket, address, local_address, origin } = caller;
    let encryption = match origin {
        Origin::Client => shared.options.encryption,
        // Nothing between the two can be listened to.
        Origin::Script(_) | Origin::Refused(_) => EncryptionPolicy::Supported,
    };
    // Nothing was said yet: a connection may end here for whatever reason.
    let transport = begin(socket, &shared.options.tls.strict).await;
    let mut transport = transport.map_err(|error| match error.kind() {
        io::ErrorKind::InvalidData => LoginFailure::Io(error),
        _ => LoginFailure::Probe,
    })?;
    let is_strict = matches!(transport, Transport::Right(_));
    let mut reader = MessageReader::new(MAX_LOGIN_LENGTH);
    let mut packets = PacketWriter::new();

    let payload = match message(&mut transport, &mut reader, PacketType::Prelogin).await {
        Err(LoginFailure::Io(_)) => return Err(LoginFailure::Probe),
        payload => payload?,
    };
    let prelogin = Prelogin::decode(&payload)?;
    let (negotiated, answered) = match is_strict {
        true => (Negotiated::All, Encryption::On),
        false => negotiate(prelogin.encryption, encryption),
    };
    let answer = Prelogin {
        version: Some(VERSION),
        encryption: Some(answered),
        instance: Some(vec![0]),
        mars: Some(false),
        // A client that asks whether federated authentication is required is told no.
        fed_auth_required: prelogin.fed_auth_required.map(|_| 0),
        ..Prelogin::default()
    };
    packets.tokens().extend_from_slice(&answer.encode());
    send(&mut transport, &mut packets).await?;
    transport = match negotiated {
        Negotiated::Refuse => return Err(LoginFailure::Encryption),
        Negotiated::None => transport,
        Negotiated::LoginOnly | Negotiated::All => {
            start_tls(transport, Arc::clone(&shared.options.tls.wrapped)).await?
        }
    };
    let payload = message(&mut transport, &mut reader, PacketType::Login7).await?;
    if negotiated == Negotiated::LoginOnly {
        transport = launchpod_wire::end_tls(transport);
    }
    let login = Login::decode(&payload)?;
    if let Err(error) = check(&login) {
        return Err(refuse_and_close(transport, packets, shared, error).await?);
    }
    let (script, caller) = match origin {
        Origin::Client => (None, None),
        Origin::Script(WayBack::Database(database)) => (Some(database), None),
        Origin::Script(WayBack::Login(caller)) => (None, Some(caller)),
        Origin::Refused(error) => {
            return Err(refuse_and_close(transport, packets, shared, error).await?);
        }
    };
    if let Some(server) = shared.behind.as_ref().filter(|_| script.is_none()) {
        let connection = Unserved { transport, reader, packets };
        let relay = relay::log_in(shared, server, connection, login, caller.as_deref()).await?;
        return Ok(Arrived::Relay(Box::new(relay)));
    }
    let client = Client {
        address,
        local_address,
        process_id: login.client_pid,
        interface: login.library.clone(),
        protocol_version: login.tds_version.negotiate().0,
        packet_size: u32::try_from(login.negotiated_packet_size(packets.packet_size()))
            .unwrap_or_default(),
        encrypted: negotiated == Negotiated::All,
    };
    match open(shared, &login, client, script).await {
        Ok((session, spid)) => {
            greet(&mut packets, &login, &session, &spid);
            send(&mut transport, &mut packets).await?;
            // From the next answer on, [MS-TDS] 2.2.7.9.
            packets.set_packet_size(login.negotiated_packet_size(packets.packet_size()));
            let version = login.tds_version.negotiate();
            info!(login = %session.identity().login, spid = spid.number(), program = %login.app_name, "Logged in");
            let logged_in = LoggedIn { transport, reader, packets, session, version, spid };
            Ok(Arrived::Session(Box::new(logged_in)))
        }
        Err(error) => {
            if !CANNOT_OPEN_DATABASE.contains(&error.number()) {
                return Err(refuse_and_close(transport, packets, shared, error).await?);
            }
            say(&mut packets, shared, &error);
            let text = format!("Login failed for user '{}'.", login.user_name);
            let failed = SqlError::with_class(18456, 14, text);
            refuse_and_close(transport, packets, shared, failed).await?;
            Err(LoginFailure::Refused(error))
        }
    }
}

/// Tells the client why it has no session, and closes.
pub(crate) async fn refuse_and_close(
    mut transport: Transport,
    mut packets: PacketWriter,
    shared: &Shared,
    error: SqlError,
) -> Result<LoginFailure, LoginFailure> {
    say(&mut packets, shared, &error);
    let status = DoneStatus::FINAL | DoneStatus::ERROR;
    Done { kind: DoneKind::Done, status, command: 0, rows: 0 }.encode(packets.tokens());
    send(&mut transport, &mut packets).await?;
    // Nothing more is read: the client closes when it has read the error.
    transport.shutdown().await?;
    Ok(LoginFailure::Refused(error))
}

/// The next message, which has to be of a type.
async fn message(
    transport: &mut Transport,
    reader: &mut MessageReader,
    expected: PacketType,
) -> Result<bytes::Bytes, LoginFailure> {
    loop {
        match reader.next_message()? {
            Some(Incoming::Message(message)) if message.packet_type == expected => {
                return Ok(message.payload);
            }
            Some(Incoming::Message(message)) => {
                return Err(LoginFailure::Unexpected(message.packet_type));
            }
            Some(Incoming::Ignored(packet_type)) => {
                return Err(LoginFailure::Unexpected(packet_type));
            }
            Some(Incoming::Bulk(_)) => {
                return Err(LoginFailure::Unexpected(PacketType::BulkLoad));
            }
            Some(Incoming::Attention) => {
                return Err(LoginFailure::Unexpected(PacketType::Attention));
            }
            None => {}
        }
        if transport.read_buf(reader.input()).await? == 0 {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
    }
}

async fn send(transport: &mut Transport, packets: &mut PacketWriter) -> io::Result<()> {
    let mut wire = bytes::BytesMut::new();
    packets.finish(&mut wire);
    transport.write_all(&wire).await?;
    transport.flush().await
}

/// Refuses logins of kinds that aren't served.
fn check(login: &Login) -> Result<(), SqlError> {
    if login.has_sspi || login.has_fed_auth() {
        let text = "Login failed. Launchpod supports SQL Server authentication only; connect with a login and a password.";
        return Err(SqlError::with_class(18456, 14, text));
    }
    if !login.tds_version.has_all_headers() {
        let text = "The client's version of TDS is older than 7.2 and not supported; choose 7.4 (with FreeTDS: TDSVER=7.4).";
        return Err(SqlError::with_class(17803, 20, text));
    }
    Ok(())
}

/// Checks the login and opens its session.
async fn open(
    shared: &Shared,
    login: &Login,
    client: Client,
    script: Option<Arc<dyn Database>>,
) -> Result<(Session, Spid), SqlError> {
    let spid = shared.spids.allocate().ok_or_else(too_many_sessions)?;
    let login = DatabaseLogin {
        user: login.user_name.clone(),
        password: login.password.expose().to_owned().into(),
        new_password: login
            .flags
            .change_password()
            .then(|| login.new_password.expose().to_owned().into()),
        database: login.database.clone(),
        spid: spid.number(),
        program: login.app_name.clone(),
        host: login.host_name.clone(),
        client,
    };
    let instance = Arc::clone(&shared.instance);
    let Some(database) = script else {
        let database = shared.database.login(login).await?;
        return Ok((Session::new(instance, database), spid));
    };
    let database = database.login(login).await?;
    instance.controller.note_implied_login().await;
    Ok((Session::new(instance, database).within_script(), spid))
}

/// The tokens that answer a login: what SQL Server sends, in its order.
fn greet(packets: &mut PacketWriter, login: &Login, session: &Session, spid: &Spid) {
    let old_size = packets.packet_size();
    let size = login.negotiated_packet_size(old_size);
    packets.set_spid(spid.number());
    let database = session.identity().database;
    let out = packets.tokens();
    EnvChange::Database { new: &database, old: "master" }.encode(out);
    info_message(out, 5701, 2, &format!("Changed database context to '{database}'."));
    EnvChange::Collation { new: Collation::SQL_LATIN1_GENERAL_CP1_CI_AS, old: None }.encode(out);
    EnvChange::Language { new: LANGUAGE, old: "" }.encode(out);
    info_message(out, 5703, 1, &format!("Changed language setting to {LANGUAGE}."));
    LoginAck {
        tds_version: login.tds_version.negotiate(),
        program: PROGRAM,
        version: (VERSION.major, VERSION.minor, VERSION.build),
    }
    .encode(out);
    EnvChange::PacketSize { new: size, old: old_size }.encode(out);
    if !login.features.is_empty() {
        FeatureExtAck { utf8: login.offers(feature::UTF8_SUPPORT) }.encode(out);
    }
    Done { kind: DoneKind::Done, status: DoneStatus::FINAL, command: 0, rows: 0 }.encode(out);
}

fn info_message(out: &mut Vec<u8>, number: i32, state: u8, text: &str) {
    let kind = MessageKind::Info;
    MessageToken { kind, number, state, class: 0, text, server: "", procedure: "", line: 1 }
        .encode(out);
}

fn say(packets: &mut PacketWriter, shared: &Shared, error: &SqlError) {
    let Message { number, state, class, text, line, .. } = &*error.0;
    debug!(number, text, "Login refused");
    let out = packets.tokens();
    MessageToken {
        kind: MessageKind::Error,
        number: *number,
        state: *state,
        class: *class,
        text,
        server: &shared.options.name,
        procedure: "",
        line: (*line).max(1),
    }
    .encode(out);
}

fn too_many_sessions() -> SqlError {
    SqlError::with_class(
        17809,
        20,
        "Could not connect because the maximum number of '32767' user connections has already been reached.",
    )
}
