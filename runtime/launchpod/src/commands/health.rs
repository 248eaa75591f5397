//! `launchpod health`: whether the server of these settings answers.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use launchpod_tds::packet::{HEADER_LENGTH, PacketHeader, PacketStatus, PacketType};
use launchpod_tds::prelogin::{Encryption, Prelogin, Version};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::error::Error;
use crate::output;
use crate::settings::SettingsArguments;

/// How long the server may take, all in all.
const PATIENCE: Duration = Duration::from_secs(5);

/// What `health` can be told: it asks the server that has these settings.
#[derive(Args)]
pub struct Arguments {
    #[command(flatten)]
    settings: SettingsArguments,
}

/// Says hello and nothing more, so that no login is counted; the exit code is 1 when the server
/// doesn't answer as one.
pub async fn run(arguments: Arguments) -> Result<ExitCode, Error> {
    let address = reachable(arguments.settings.resolve()?.listen());
    let failed = |what: String| Error::from(format!("{address} doesn't answer: {what}"));
    let answer = tokio::time::timeout(PATIENCE, ask(address)).await;
    let version = match answer {
        Err(_) => return Err(failed(format!("nothing came in {} s", PATIENCE.as_secs()))),
        Ok(answer) => answer.map_err(|error| failed(error.to_string()))?,
    };
    output::line(format_args!("launchpod: {address} answers, version {}", version.major))?;
    Ok(ExitCode::SUCCESS)
}

/// Where a server that listens everywhere can be reached on its own machine.
fn reachable(mut listen: SocketAddr) -> SocketAddr {
    if listen.ip().is_unspecified() {
        listen.set_ip(match listen.ip() {
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    listen
}

/// The first exchange of every TDS connection, [MS-TDS] 2.2.6.5.
async fn ask(address: SocketAddr) -> Result<Version, Error> {
    let hello = Prelogin {
        version: Some(Version::default()),
        encryption: Some(Encryption::NotSupported),
        ..Prelogin::default()
    };
    let payload = hello.encode();
    let header = PacketHeader {
        packet_type: PacketType::Prelogin,
        status: PacketStatus::END_OF_MESSAGE,
        // Two options: 20 bytes or so.
        length: (HEADER_LENGTH + payload.len()) as u16,
        spid: 0,
        packet_id: 1,
    };
    let mut server = TcpStream::connect(address).await?;
    server.write_all(&[&header.encode()[..], &payload].concat()).await?;

    let mut header = [0; HEADER_LENGTH];
    server.read_exact(&mut header).await?;
    let header = PacketHeader::decode(&header)?;
    let length = usize::from(header.length)
        .checked_sub(HEADER_LENGTH)
        .filter(|_| header.packet_type == PacketType::Response)
        .ok_or("what answers is no SQL Server")?;
    let mut payload = vec![0; length];
    server.read_exact(&mut payload).await?;
    Ok(Prelogin::decode(&payload)?.version.unwrap_or_default())
}
