//! All tokens but columns and rows.

use super::{OutputValue, ServerMessage, Token};
use crate::{
    client::{environment::Environment, malformed},
    error::ProtocolError,
    login::feature,
    reader::Reader,
    token::{Done, DoneKind, DoneStatus, ReturnKind},
    types::{TypeInfo, Value},
    version::TdsVersion,
};

const OFFSET: u8 = 0x78;
const RETURNSTATUS: u8 = 0x79;
const TABNAME: u8 = 0xa4;
const COLINFO: u8 = 0xa5;
const ORDER: u8 = 0xa9;
const ERROR: u8 = 0xaa;
const INFO: u8 = 0xab;
const RETURNVALUE: u8 = 0xac;
const LOGINACK: u8 = 0xad;
const FEATUREEXTACK: u8 = 0xae;
const ENVCHANGE: u8 = 0xe3;
const SESSIONSTATE: u8 = 0xe4;
pub(super) const SSPI: u8 = 0xed;
pub(super) const FEDAUTHINFO: u8 = 0xee;

/// Reads the token whose first byte has been read.
pub(super) fn read(first: u8, reader: &mut Reader<'_>) -> Result<Token, ProtocolError> {
    Ok(match first {
        0xfd => Token::Done(done(reader, DoneKind::Done)?),
        0xfe => Token::Done(done(reader, DoneKind::Proc)?),
        0xff => Token::Done(done(reader, DoneKind::InProc)?),
        ERROR | INFO => Token::Message(message(reader, first == ERROR)?),
        ENVCHANGE => Token::Environment(Environment::read(reader)?),
        RETURNSTATUS => Token::ReturnStatus(reader.i32()?),
        RETURNVALUE => Token::ReturnValue(output(reader)?),
        LOGINACK => Token::LoginAck(login_ack(reader)?),
        FEATUREEXTACK => {
            features(reader)?;
            Token::Passed(first)
        }
        OFFSET => {
            reader.bytes(4)?;
            Token::Passed(first)
        }
        TABNAME | COLINFO | ORDER | SSPI => {
            let length = reader.u16()?;
            reader.bytes(length.into())?;
            Token::Passed(first)
        }
        SESSIONSTATE | FEDAUTHINFO => {
            let length = reader.u32()?;
            reader.bytes(length as usize)?;
            Token::Passed(first)
        }
        other => {
            unknown(other, reader)?;
            Token::Passed(other)
        }
    })
}

/// Skips a token that nobody has described to us: its first byte says how long it is, [MS-TDS]
/// 2.2.4.2.1.
fn unknown(first: u8, reader: &mut Reader<'_>) -> Result<(), ProtocolError> {
    let length = match (first & 0x30, first & 0x0c) {
        (0x10, _) => 0,
        (0x20, _) => reader.u16()?.into(),
        (0x30, 0x00) => 1,
        (0x30, 0x04) => 2,
        (0x30, 0x08) => 4,
        (0x30, _) => 8,
        // As many fields as it says, of whatever length.
        _ => return Err(reader.invalid("token", first)),
    };
    reader.bytes(length).map(drop)
}

fn done(reader: &mut Reader<'_>, kind: DoneKind) -> Result<Done, ProtocolError> {
    reader.enter("DONE");
    let status = DoneStatus(reader.u16()?);
    let command = reader.u16()?;
    Ok(Done { kind, status, command, rows: reader.u64()? })
}

fn message(reader: &mut Reader<'_>, is_error: bool) -> Result<ServerMessage, ProtocolError> {
    reader.enter(if is_error { "ERROR" } else { "INFO" });
    let start = reader.offset() + 2;
    let length = reader.u16()?;
    let mut body = Reader::new("ERROR or INFO", reader.bytes(length.into())?);
    let mut read = || {
        Ok(ServerMessage {
            is_error,
            number: body.i32()?,
            state: body.u8()?,
            class: body.u8()?,
            text: body.us_varchar()?,
            server: body.b_varchar()?,
            procedure: body.b_varchar()?,
            line: body.u32()?,
        })
    };
    read().map_err(|error: ProtocolError| malformed(error, start))
}

fn output(reader: &mut Reader<'_>) -> Result<OutputValue, ProtocolError> {
    reader.enter("RETURNVALUE");
    let ordinal = reader.u16()?;
    let name = reader.b_varchar()?;
    // [MS-TDS] 2.2.7.19: the result of a function; some servers have another number for an OUTPUT.
    let kind = match reader.u8()? {
        2 => ReturnKind::Function,
        _ => ReturnKind::Output,
    };
    let _user_type = reader.u32()?;
    let _flags = reader.u16()?;
    let type_info = TypeInfo::read(reader)?;
    let value = Value::read(reader, &type_info)?;
    Ok(OutputValue { ordinal, name, kind, type_info, value })
}

/// The version comes big-endian, other than in LOGIN7.
fn login_ack(reader: &mut Reader<'_>) -> Result<TdsVersion, ProtocolError> {
    reader.enter("LOGINACK");
    let start = reader.offset() + 2;
    let length = reader.u16()?;
    let mut body = Reader::new("LOGINACK", reader.bytes(length.into())?);
    let mut read = || {
        let _interface = body.u8()?;
        Ok(TdsVersion(u32::from_be_bytes(body.array()?)))
    };
    read().map_err(|error: ProtocolError| malformed(error, start))
}

fn features(reader: &mut Reader<'_>) -> Result<(), ProtocolError> {
    reader.enter("FEATUREEXTACK");
    while reader.u8()? != feature::TERMINATOR {
        let length = reader.u32()?;
        reader.bytes(length as usize)?;
    }
    Ok(())
}
