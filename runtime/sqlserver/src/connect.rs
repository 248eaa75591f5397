//! From an address to a session at the server: TCP, PRELOGIN, TLS, LOGIN7, and routing.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use launchpod_tds::ProtocolError;
use launchpod_tds::client::environment::Environment;
use launchpod_tds::client::response::{ServerMessage, Token, TokenReader};
use launchpod_tds::login::{Feature, Login, LoginFlags, feature};
use launchpod_tds::message::Reset;
use launchpod_tds::packet::PacketType;
use launchpod_tds::password::Password;
use launchpod_tds::prelogin::{Encryption as Offer, Prelogin, Version};
use launchpod_tds::version::TdsVersion;
use launchpod_wire::{HandshakeStream, connect, end_tls};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use socket2::{SockRef, TcpKeepalive};
use tokio::net::TcpStream;

use crate::channel::{Channel, Transport};
use crate::config::{Address, Config, Encryption};
use crate::tls::{self, TrustError};

/// How long the way to a session may take, each hop.
const TIMEOUT: Duration = Duration::from_secs(15);
/// How often a login may be sent on to another server.
const MAX_HOPS: usize = 4;
/// The greatest answer to PRELOGIN and LOGIN7.
const ANSWER_LIMIT: usize = 1 << 20;
/// How long a silent connection is left before it is probed, as SQL Server does (30 s).
const KEEPALIVE: Duration = Duration::from_secs(30);

/// The packet size that our own logins ask for: what fits a TLS record.
const OWN_PACKET_SIZE: u32 = 16_000;

/// The server behind, to which sessions are opened.
pub struct Upstream {
    config: Config,
    tls: Arc<ClientConfig>,
}

/// A session at the server.
pub struct Connected {
    /// The connection.
    pub channel: Channel,
    /// The packets that answered the login, for the client.
    pub answer: Vec<Bytes>,
    /// The version of TDS that is spoken.
    pub version: TdsVersion,
    /// The database that the login came to.
    pub database: String,
}

/// Why there is no session.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Nobody answers there.
    #[error("the SQL Server {address} can't be reached: {source}")]
    Unreachable {
        /// Where.
        address: Address,
        /// What the system says.
        source: io::Error,
    },
    /// It took too long.
    #[error("the SQL Server {address} didn't answer within 15 seconds{}", silence(*.encryption))]
    Timeout {
        /// Who.
        address: Address,
        /// How it was asked.
        encryption: Encryption,
    },
    /// The handshake failed.
    #[error("no TLS with the SQL Server {address}: {source}{}", hint(source))]
    Tls {
        /// With whom.
        address: Address,
        /// What rustls says.
        source: io::Error,
    },
    /// The server can't encrypt, and must.
    #[error("the SQL Server {0} can't encrypt; `encrypt = \"optional\"` does without")]
    NotEncrypted(Address),
    /// The connection broke on the way.
    #[error("the SQL Server's connection broke: {0}")]
    Io(#[from] io::Error),
    /// What was sent or came isn't TDS.
    #[error(transparent)]
    Protocol(#[from] ProtocolError),
    /// The login failed; the packets are the server's answer.
    #[error("the SQL Server refused the login: {}", .message.as_ref().map_or("", |m| m.text.as_str()))]
    Refused {
        /// The error that it gave.
        message: Option<Box<ServerMessage>>,
        /// The answer, for the client.
        answer: Vec<Bytes>,
    },
    /// The server wants another kind of login.
    #[error("the SQL Server asks for integrated or federated authentication; use a SQL login")]
    Authentication,
    /// The login was sent on too often.
    #[error("the login was routed more than {MAX_HOPS} times")]
    Routed,
    /// A host whose name no certificate can have.
    #[error("{0:?} is no name of a host")]
    Host(String),
}

fn hint(source: &io::Error) -> &'static str {
    if tls::is_about_certificate(source) {
        " (name its certificate, or set trust_server_certificate)"
    } else {
        ""
    }
}

/// A server that knows no strict encryption waits for the rest of what it takes for a packet.
fn silence(encryption: Encryption) -> &'static str {
    match encryption {
        Encryption::Strict => {
            "; one without TDS 8.0 takes no strict encryption: set `encrypt = \"mandatory\"`"
        }
        Encryption::Mandatory | Encryption::Optional => "",
    }
}

/// What a server says to PRELOGIN.
struct Greeted {
    channel: Channel,
    version: Option<Version>,
    /// Whether TLS ends with the login.
    login_only: bool,
    encrypted: bool,
}

/// How a login was answered.
enum Answered {
    Session(Box<Connected>),
    Routed(Address),
}

// === impl Upstream ===

impl Upstream {
    /// A server that nobody has connected to yet.
    ///
    /// # Errors
    /// When the certificates of the configuration can't be used.
    pub fn new(config: Config) -> Result<Self, TrustError> {
        let tls = tls::client(&config)?;
        Ok(Upstream { config, tls })
    }

    /// How it is reached.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Opens a session with a client's login. Of its features only those are asked for that
    /// leave rows as they are.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn connect(&self, login: &Login) -> Result<Connected, ConnectError> {
        let mut address = self.config.address.clone();
        for _ in 0..=MAX_HOPS {
            let hop = tokio::time::timeout(TIMEOUT, self.hop(&address, login)).await;
            match hop.map_err(|_| self.silent(&address))?? {
                Answered::Session(connected) => return Ok(*connected),
                Answered::Routed(next) => address = next,
            }
        }
        Err(ConnectError::Routed)
    }

    /// Opens a session of our own, which reads definitions.
    ///
    /// # Errors
    /// As [`Upstream::connect`]; `None` when no login is configured for it.
    pub async fn connect_for_definitions(&self) -> Result<Option<Connected>, ConnectError> {
        let Some(login) = &self.config.definition_login else { return Ok(None) };
        let password = login.password.expose();
        let login = own_login(&login.user, password, "", "launchpod definitions", "");
        self.connect(&login).await.map(Some)
    }

    /// Asks the server for its version and whether the connection is encrypted, without a login.
    ///
    /// # Errors
    /// Why it doesn't answer.
    pub async fn probe(&self) -> Result<(Option<Version>, bool), ConnectError> {
        let address = &self.config.address;
        let greeted = tokio::time::timeout(TIMEOUT, self.greet(address)).await;
        let greeted = greeted.map_err(|_| self.silent(address))??;
        Ok((greeted.version, greeted.encrypted))
    }

    fn silent(&self, address: &Address) -> ConnectError {
        ConnectError::Timeout { address: address.clone(), encryption: self.config.encryption }
    }

    async fn hop(&self, address: &Address, login: &Login) -> Result<Answered, ConnectError> {
        let Greeted { mut channel, login_only, .. } = self.greet(address).await?;
        // 8.0, which some drivers ask for within strict encryption, isn't every server's, and has
        // the same messages; most drivers ask for 7.4 there too.
        let tds_version = login.tds_version.min(TdsVersion::V7_4);
        // Azure's gateways find a server by this name; the client has sent that of the front.
        let server_name = address.host.clone();
        let features = kept(&login.features);
        let asked = Login { tds_version, server_name, features, ..login.clone() };
        let payload = asked.encode()?;
        channel.sender.message(PacketType::Login7, Reset::None, &payload).await?;
        if login_only {
            channel = Channel::new(end_tls(channel.into_transport()));
        }
        answered(channel).await
    }

    /// TCP, PRELOGIN and TLS.
    async fn greet(&self, address: &Address) -> Result<Greeted, ConnectError> {
        let unreachable = |source| ConnectError::Unreachable { address: address.clone(), source };
        let socket =
            TcpStream::connect((address.host.as_str(), address.port)).await.map_err(unreachable)?;
        socket.set_nodelay(true)?;
        let keepalive =
            TcpKeepalive::new().with_time(KEEPALIVE).with_interval(Duration::from_secs(1));
        SockRef::from(&socket).set_tcp_keepalive(&keepalive)?;
        let name = ServerName::try_from(address.host.clone())
            .map_err(|_| ConnectError::Host(address.host.clone()))?;
        let stream = HandshakeStream::new(socket);
        let failed = |source| ConnectError::Tls { address: address.clone(), source };
        if self.config.encryption == Encryption::Strict {
            let tls = connect(stream, Arc::clone(&self.tls), name, false).await;
            let mut channel = Channel::new(tls.map_err(failed)?);
            // Within strict encryption the option says nothing.
            let version = prelogin(&mut channel, Offer::NotSupported).await?.version;
            return Ok(Greeted { channel, version, login_only: false, encrypted: true });
        }
        let mandatory = self.config.encryption == Encryption::Mandatory;
        let mut channel = Channel::new(Transport::Left(stream));
        let offer = if mandatory { Offer::On } else { Offer::Off };
        let Prelogin { version, encryption, .. } = prelogin(&mut channel, offer).await?;
        let encryption = encryption.unwrap_or(Offer::NotSupported);
        if encryption == Offer::NotSupported {
            if mandatory {
                return Err(ConnectError::NotEncrypted(address.clone()));
            }
            return Ok(Greeted { channel, version, login_only: false, encrypted: false });
        }
        let Transport::Left(stream) = channel.into_transport() else {
            return Err(ConnectError::Io(io::ErrorKind::InvalidData.into()));
        };
        let tls = connect(stream, Arc::clone(&self.tls), name, true).await;
        let channel = Channel::new(tls.map_err(failed)?);
        // Both must say «off» for TLS to end with the login, [MS-TDS] 2.2.6.5.
        let login_only = !mandatory && encryption == Offer::Off;
        Ok(Greeted { channel, version, login_only, encrypted: !login_only })
    }
}

/// A login that isn't a client's.
pub(crate) fn own_login(
    user: &str,
    password: &str,
    database: &str,
    program: &str,
    host: &str,
) -> Login {
    Login {
        tds_version: TdsVersion::V7_4,
        packet_size: OWN_PACKET_SIZE,
        client_version: 0,
        client_pid: std::process::id(),
        time_zone: 0,
        client_lcid: 0x409,
        // What drivers set: that the database and the language are told.
        flags: LoginFlags { option1: 0xe0, option2: 0x03, ..LoginFlags::default() },
        host_name: host.to_owned(),
        user_name: user.to_owned(),
        password: Password::from(password.to_owned()),
        app_name: program.to_owned(),
        server_name: String::new(),
        library: "launchpod".to_owned(),
        language: String::new(),
        database: database.to_owned(),
        client_id: [0; 6],
        attach_file: String::new(),
        has_sspi: false,
        new_password: Password::default(),
        features: Vec::new(),
    }
}

/// The error of a server that closes the connection without a word.
fn ended() -> io::Error {
    io::ErrorKind::UnexpectedEof.into()
}

/// Asks and reads what the server says about itself.
async fn prelogin(channel: &mut Channel, offer: Offer) -> Result<Prelogin, ConnectError> {
    let prelogin = Prelogin {
        version: Some(Version { major: 16, ..Version::default() }),
        encryption: Some(offer),
        instance: Some(vec![0]),
        thread_id: Some(0),
        mars: Some(false),
        ..Prelogin::default()
    };
    channel.sender.message(PacketType::Prelogin, Reset::None, &prelogin.encode()).await?;
    let mut payload = Vec::new();
    loop {
        let packet = channel.receiver.packet().await?.ok_or_else(ended)?;
        payload.extend_from_slice(packet.body());
        if payload.len() > ANSWER_LIMIT {
            return Err(io::Error::from(io::ErrorKind::InvalidData).into());
        }
        if packet.is_last() {
            return Ok(Prelogin::decode(&payload)?);
        }
    }
}

/// Reads the answer to a login.
async fn answered(mut channel: Channel) -> Result<Answered, ConnectError> {
    let mut tokens = TokenReader::new(ANSWER_LIMIT);
    let mut answer = Vec::new();
    let mut message = None;
    let mut version = None;
    let mut database = String::new();
    let mut routed = None;
    let mut goes_on = false;
    loop {
        let packet = channel.receiver.packet().await?.ok_or_else(ended)?;
        tokens.push(packet.body());
        answer.push(packet.bytes().clone());
        while let Some(token) = tokens.next_token()? {
            goes_on |= token.goes_on_authenticating();
            match token {
                Token::LoginAck(spoken) => version = Some(spoken),
                Token::Message(error) if error.is_error => message = Some(Box::new(error)),
                Token::Environment(Environment::Database(name)) => database = name,
                Token::Environment(Environment::PacketSize(size)) => {
                    channel.sender.set_packet_size(size);
                }
                Token::Environment(Environment::Routing { server, port }) => {
                    routed = Some(Address { host: server, port });
                }
                _ => {}
            }
        }
        if tokens.offset() > ANSWER_LIMIT {
            return Err(io::Error::from(io::ErrorKind::InvalidData).into());
        }
        if packet.is_last() {
            break;
        }
    }
    match (routed, version) {
        (Some(address), _) => Ok(Answered::Routed(address)),
        (None, Some(version)) => {
            Ok(Answered::Session(Box::new(Connected { channel, answer, version, database })))
        }
        (None, None) if goes_on => Err(ConnectError::Authentication),
        (None, None) => Err(ConnectError::Refused { message, answer }),
    }
}

/// The features that leave rows as they are, so that our own decoder reads them too.
fn kept(features: &[Feature]) -> Vec<Feature> {
    let keeps_rows = |one: &&Feature| one.id == feature::UTF8_SUPPORT;
    features.iter().filter(keeps_rows).cloned().collect()
}
