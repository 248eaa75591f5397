//! What a client sends before it has logged in, as the server reads it from the socket: packets
//! put together into messages, and each message decoded by its kind.
#![no_main]

use launchpod_tds::login::Login;
use launchpod_tds::message::{Incoming, MessageReader};
use launchpod_tds::packet::PacketType;
use launchpod_tds::prelogin::Prelogin;
use launchpod_tds::tls::HandshakeUnwrapper;
use libfuzzer_sys::fuzz_target;

/// As the server has it before login.
const LIMIT: usize = 128 << 10;
/// Bytes arrive in pieces.
const PIECE: usize = 61;

fuzz_target!(|bytes: &[u8]| {
    let mut records = Vec::new();
    let _ = HandshakeUnwrapper::default().unwrap(bytes, &mut records);
    assert!(records.len() <= bytes.len());

    let mut reader = MessageReader::new(LIMIT);
    for piece in bytes.chunks(PIECE) {
        reader.input().extend_from_slice(piece);
        loop {
            match reader.next_message() {
                Ok(Some(Incoming::Message(message))) => match message.packet_type {
                    PacketType::Prelogin => {
                        if let Ok(prelogin) = Prelogin::decode(&message.payload) {
                            let again = Prelogin::decode(&prelogin.encode());
                            assert_eq!(again.unwrap().encryption, prelogin.encryption);
                        }
                    }
                    _ => drop(Login::decode(&message.payload)),
                },
                Ok(Some(_)) => {}
                Ok(None) => break,
                Err(_) => return,
            }
        }
    }
});
