//! A server that answers every batch with the same rows, and each as fast as it is taken.

use std::io::{self, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use bytes::BytesMut;
use launchpod_tds::batch::SqlBatch;
use launchpod_tds::client::packets::MessageWriter;
use launchpod_tds::message::{Incoming, MessageReader};
use launchpod_tds::packet::PacketType;
use launchpod_tds::prelogin::{Encryption, Prelogin, Version};
use launchpod_tds::row::RowWriter;
use launchpod_tds::token::{
    Column, ColumnFlags, Done, DoneKind, DoneStatus, EnvChange, LoginAck, encode_columns,
};
use launchpod_tds::types::{Collation, FixedType, Length, TypeInfo};
use launchpod_tds::version::TdsVersion;

const PACKET_SIZE: usize = 16_000;
/// Rows that are made; they are sent again and again.
const MADE: usize = 10_000;

/// Starts a server whose answers have so many rows, and returns its port.
pub fn start(rows: usize) -> io::Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let port = listener.local_addr()?.port();
    let (head, body) = made();
    std::thread::spawn(move || {
        for socket in listener.incoming().flatten() {
            // A client that is gone ends its connection.
            let _ = serve(socket, rows, &head, &body);
        }
    });
    Ok(port)
}

/// The columns, and the tokens of rows with where each ends.
fn made() -> (Vec<u8>, (Vec<u8>, Vec<usize>)) {
    let column = |name: &str, type_info| Column {
        name: name.to_owned(),
        type_info,
        user_type: 0,
        flags: ColumnFlags { nullable: true, ..ColumnFlags::default() },
    };
    let text = TypeInfo::NVarChar { length: Length::Limited(40), collation: Collation::default() };
    let columns = [
        column("id", TypeInfo::Nullable(FixedType::Int)),
        column("big", TypeInfo::Nullable(FixedType::BigInt)),
        column("real", TypeInfo::Nullable(FixedType::Float)),
        column("exact", TypeInfo::Decimal { precision: 18, scale: 4 }),
        column("text", text),
    ];
    let mut head = Vec::new();
    encode_columns(&columns, &mut head);
    let (mut tokens, mut ends) = (Vec::new(), Vec::new());
    for number in 0..MADE as i32 {
        let mut row = RowWriter::new(&mut tokens, &columns);
        let text = format!("row number {number}");
        let cells = [
            row.int(Some(number)),
            row.big_int(Some(i64::from(number) << 20)),
            row.float(Some(f64::from(number) / 3.0)),
            row.decimal(Some(i128::from(number) * 12_345)),
            row.text(Some(&text).filter(|_| number % 10 != 0).map(String::as_str)),
        ];
        assert!(cells.iter().all(Result::is_ok));
        assert!(row.finish().is_ok());
        ends.push(tokens.len());
    }
    (head, (tokens, ends))
}

fn serve(
    mut socket: TcpStream,
    rows: usize,
    head: &[u8],
    (tokens, ends): &(Vec<u8>, Vec<usize>),
) -> io::Result<()> {
    socket.set_nodelay(true)?;
    let mut messages = MessageReader::new(1 << 20);
    loop {
        let mut chunk = [0; 4096];
        let message = match messages.next_message() {
            Ok(Some(Incoming::Message(message))) => message,
            Ok(Some(_)) => continue,
            Ok(None) => match socket.read(&mut chunk)? {
                0 => return Ok(()),
                read => {
                    messages.input().extend_from_slice(&chunk[..read]);
                    continue;
                }
            },
            Err(error) => return Err(io::Error::new(io::ErrorKind::InvalidData, error)),
        };
        let mut answer = MessageWriter::new(PacketType::Response, PACKET_SIZE);
        let mut wire = BytesMut::new();
        match message.packet_type {
            PacketType::Prelogin => {
                let version = Some(Version { major: 16, ..Version::default() });
                let encryption = Some(Encryption::NotSupported);
                let prelogin = Prelogin { version, encryption, ..Prelogin::default() };
                answer.payload().extend_from_slice(&prelogin.encode());
            }
            PacketType::Login7 => {
                let version = (16, 0, 1000);
                let tds_version = TdsVersion::V7_4;
                EnvChange::PacketSize { new: PACKET_SIZE, old: 4096 }.encode(answer.payload());
                LoginAck { tds_version, program: "read", version }.encode(answer.payload());
                done(0, answer.payload());
            }
            _ => {
                let text = SqlBatch::decode(&message.payload, TdsVersion::V7_4)
                    .map_or(String::new(), |batch| batch.text.to_lowercase());
                let asked = match text.as_str() {
                    // connectorx asks so for the columns.
                    text if text.contains("top 1 ") => 1,
                    text if text.contains("from rows") => rows,
                    // What drivers set up.
                    _ => 0,
                };
                if asked > 0 {
                    answer.payload().extend_from_slice(head);
                }
                let mut left = asked;
                while left > 0 {
                    let sent = left.min(MADE);
                    answer.payload().extend_from_slice(&tokens[..ends[sent - 1]]);
                    answer.take_full(&mut wire);
                    socket.write_all(&wire.split())?;
                    left -= sent;
                }
                done(asked, answer.payload());
            }
        }
        answer.finish(&mut wire);
        socket.write_all(&wire)?;
    }
}

fn done(rows: usize, out: &mut Vec<u8>) {
    let status = DoneStatus::COUNT;
    Done { kind: DoneKind::Done, status, command: 0xc1, rows: rows as u64 }.encode(out);
}
