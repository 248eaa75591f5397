//! Tokens of a server's answer, [MS-TDS] 2.2.7.
//!
//! Each is appended to a buffer, that of a [`PacketWriter`](crate::writer::PacketWriter)
//! as a rule. Text that exceeds its field is cut, never in the midst of a character.

mod columns;
mod done;
mod environment;
mod login;
mod message;
mod returned;

pub use self::{
    columns::{Column, ColumnFlags, Updatable, encode_columns, encode_no_metadata},
    done::{DONE_LENGTH, Done, DoneKind, DoneStatus},
    environment::EnvChange,
    login::{FeatureExtAck, LoginAck},
    message::{Message, MessageKind},
    returned::{ReturnKind, ReturnStatus, ReturnValue},
};

pub(crate) use self::columns::COLMETADATA;
use crate::utf16;

/// Appends a token whose length, in two bytes, stands behind its type.
///
/// `put` must not write more than 65535 bytes: texts in it are cut beforehand.
fn with_length(out: &mut Vec<u8>, token: u8, put: impl FnOnce(&mut Vec<u8>)) {
    out.extend_from_slice(&[token, 0, 0]);
    let body = out.len();
    put(out);
    let length = out.len() - body;
    debug_assert!(length <= usize::from(u16::MAX), "token {token:#x} of {length} bytes");
    out[body - 2..body].copy_from_slice(&(length as u16).to_le_bytes());
}

/// B_VARCHAR, [MS-TDS] 2.2.5.1.2, cut at 255 code units.
fn b_varchar(out: &mut Vec<u8>, text: &str) {
    let (text, units) = utf16::truncate(text, usize::from(u8::MAX));
    out.push(units as u8);
    utf16::encode(out, text);
}

/// US_VARCHAR, [MS-TDS] 2.2.5.1.2, cut at `limit` code units.
fn us_varchar(out: &mut Vec<u8>, text: &str, limit: u16) {
    let (text, units) = utf16::truncate(text, limit.into());
    out.extend_from_slice(&(units as u16).to_le_bytes());
    utf16::encode(out, text);
}
