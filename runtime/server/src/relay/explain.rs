//! The answer to a request that the server runs though it may hold an external script, since a
//! definition on the way can't be read: an error about external scripts is explained in it.

use bytes::{Bytes, BytesMut};
use launchpod_sqlserver::{UNREAD_HINT, is_about_scripts};
use launchpod_tds::client::packets::{MessageWriter, Packet};
use launchpod_tds::client::response::{Token, TokenReader};
use launchpod_tds::packet::PacketType;
use launchpod_tds::token::{DONE_LENGTH, DoneKind, Message, MessageKind};

/// The longest token that is read; in an answer with a longer one nothing is explained.
const TOKEN_LIMIT: usize = 1 << 20;

/// What has come of such an answer.
pub(super) struct Explanation {
    /// `None` when the rest can't be read.
    tokens: Option<TokenReader>,
    server_name: String,
    packet_size: usize,
    is_due: bool,
    /// The last packet that has come: the end of the answer may begin in it.
    held: Option<Packet>,
}

// === impl Explanation ===

impl Explanation {
    /// Of an answer that hasn't begun.
    pub fn new(server_name: String, packet_size: usize) -> Self {
        let tokens = Some(TokenReader::new(TOKEN_LIMIT));
        Explanation { tokens, server_name, packet_size, is_due: false, held: None }
    }

    /// Takes a packet of the answer, and returns what can be passed on.
    pub fn push(&mut self, packet: &Packet) -> Bytes {
        self.read(packet);
        let before = self.held.replace(packet.clone());
        if !packet.is_last() {
            return before.map_or(Bytes::new(), |before| before.bytes().clone());
        }
        let last: Vec<&Packet> = before.iter().chain([packet]).collect();
        self.explained(&last).unwrap_or_else(|| {
            let bytes: Vec<u8> = last.iter().flat_map(|packet| packet.bytes()).copied().collect();
            bytes.into()
        })
    }

    fn read(&mut self, packet: &Packet) {
        let Some(tokens) = &mut self.tokens else { return };
        tokens.push(packet.body());
        loop {
            match tokens.next_token() {
                Ok(Some(Token::Message(message))) if message.is_error => {
                    self.is_due |= is_about_scripts(message.number, &message.text);
                }
                Ok(Some(_)) => {}
                Ok(None) => return,
                Err(_) => {
                    self.tokens = None;
                    return;
                }
            }
        }
    }

    /// The last packets with the explanation before the token that ends the answer.
    fn explained(&self, packets: &[&Packet]) -> Option<Bytes> {
        let body: Vec<u8> = packets.iter().flat_map(|packet| packet.body()).copied().collect();
        let end = body.len().checked_sub(DONE_LENGTH)?;
        let is_whole = self.tokens.as_ref().is_some_and(|tokens| !tokens.is_mid_token());
        let is_done = body[end] == DoneKind::Done as u8 || body[end] == DoneKind::Proc as u8;
        if !self.is_due || !is_whole || !is_done {
            return None;
        }
        let mut message = MessageWriter::new(PacketType::Response, self.packet_size);
        message.payload().extend_from_slice(&body[..end]);
        Message {
            kind: MessageKind::Info,
            number: 0,
            state: 1,
            class: 0,
            text: UNREAD_HINT,
            server: &self.server_name,
            procedure: "",
            line: 1,
        }
        .encode(message.payload());
        message.payload().extend_from_slice(&body[end..]);
        let mut wire = BytesMut::new();
        message.finish(&mut wire);
        Some(wire.freeze())
    }
}

#[cfg(test)]
mod tests {
    use launchpod_tds::client::packets::PacketReader;
    use launchpod_tds::token::{Done, DoneStatus};

    use super::*;

    const SIZE: usize = 512;

    fn packets(payload: &[u8], size: usize) -> Vec<Packet> {
        let mut message = MessageWriter::new(PacketType::Response, size);
        message.payload().extend_from_slice(payload);
        let mut wire = BytesMut::new();
        message.finish(&mut wire);
        let mut reader = PacketReader::new();
        reader.input().extend_from_slice(&wire);
        std::iter::from_fn(|| reader.next_packet().unwrap()).collect()
    }

    /// The payload of what is passed on, and its messages.
    fn passed(payload: &[u8], size: usize) -> (Vec<u8>, Vec<(i32, String)>) {
        let mut explanation = Explanation::new("front".to_owned(), size);
        let mut reader = PacketReader::new();
        for packet in packets(payload, size) {
            reader.input().extend_from_slice(&explanation.push(&packet));
        }
        let all: Vec<Packet> = std::iter::from_fn(|| reader.next_packet().unwrap()).collect();
        assert!(all.iter().all(|packet| packet.bytes().len() <= size));
        let (last, others) = all.split_last().unwrap();
        assert!(last.is_last() && !others.iter().any(Packet::is_last));
        let body: Vec<u8> = all.iter().flat_map(|packet| packet.body()).copied().collect();
        let mut tokens = TokenReader::new(TOKEN_LIMIT);
        tokens.push(&body);
        let mut messages = Vec::new();
        while let Some(token) = tokens.next_token().unwrap() {
            if let Token::Message(message) = token {
                messages.push((message.number, message.text));
            }
        }
        assert!(!tokens.is_mid_token());
        (body, messages)
    }

    fn answer(number: i32, text: &str) -> Vec<u8> {
        let mut payload = Vec::new();
        let kind = MessageKind::Error;
        Message { kind, number, state: 1, class: 16, text, server: "", procedure: "p", line: 2 }
            .encode(&mut payload);
        let status = DoneStatus::ERROR;
        Done { kind: DoneKind::Proc, status, command: 0, rows: 0 }.encode(&mut payload);
        payload
    }

    #[test]
    fn an_error_about_scripts_is_explained_before_the_answer_ends() {
        // Where the last packet begins changes with the text's length.
        for length in 1..600 {
            let text = "x".repeat(length);
            let (body, messages) = passed(&answer(39023, &text), SIZE);
            assert_eq!(messages, [(39023, text), (0, UNREAD_HINT.to_owned())]);
            assert_eq!(body[body.len() - DONE_LENGTH], DoneKind::Proc as u8);
        }
    }

    #[test]
    fn any_other_answer_is_as_it_was() {
        for (number, text) in [(2812, "Could not find stored procedure 'q'."), (229, "no")] {
            let answer = answer(number, text);
            assert_eq!(passed(&answer, SIZE).0, answer);
        }
        let text = "Could not find stored procedure 'sp_execute_external_script'.";
        assert_eq!(passed(&answer(2812, text), SIZE).1.len(), 2);
    }

    #[test]
    fn what_cannot_be_read_passes() {
        let mut payload = answer(39023, "no");
        payload.insert(0, 0x01);
        let mut explanation = Explanation::new(String::new(), SIZE);
        let only = packets(&payload, SIZE);
        assert_eq!(explanation.push(&only[0]), only[0].bytes());
    }
}
