//! Requests: a batch of T-SQL, and a call of a procedure.

use crate::{
    headers::RequestHeaders,
    rpc::Procedure,
    token::{Column, encode_columns},
    types::{EncodeError, TypeInfo, Value, encode},
    utf16,
};

/// Stands before the number of a procedure, where a name has its length.
const BY_NUMBER: u16 = 0xffff;
/// The most code units of a procedure's name.
const MAX_NAME: usize = 0xfffe;

/// fByRefValue: the value after the call is wanted.
const BY_REFERENCE: u8 = 0x01;
/// fDefaultValue: the procedure's default is meant.
const DEFAULT: u8 = 0x02;

/// The payload of a SQLBatch message, [MS-TDS] 2.2.6.7.
pub fn batch(headers: RequestHeaders, text: &str) -> Vec<u8> {
    let mut payload = Vec::with_capacity(22 + 2 * text.len());
    headers.encode(&mut payload);
    utf16::encode(&mut payload, text);
    payload
}

/// An RPC message of one call, [MS-TDS] 2.2.6.6, built parameter by parameter.
#[derive(Debug, Clone)]
pub struct Call {
    payload: Vec<u8>,
}

/// How an argument is passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passing {
    /// A value that goes in.
    In,
    /// The same, whose value after the call is wanted.
    Output,
    /// The procedure's default.
    Default,
}

// === impl Call ===

impl Call {
    /// A call without arguments. A name beyond 65,534 code units is cut: no server has one.
    pub fn new(headers: RequestHeaders, procedure: &Procedure) -> Self {
        let mut payload = Vec::new();
        headers.encode(&mut payload);
        match procedure {
            Procedure::Named(name) => {
                let (name, units) = utf16::truncate(name, MAX_NAME);
                payload.extend_from_slice(&(units as u16).to_le_bytes());
                utf16::encode(&mut payload, name);
            }
            Procedure::Special(special) => {
                payload.extend_from_slice(&BY_NUMBER.to_le_bytes());
                payload.extend_from_slice(&(*special as u16).to_le_bytes());
            }
        }
        // No options.
        payload.extend_from_slice(&[0, 0]);
        Self { payload }
    }

    /// Appends an argument; `name` has its `@`, or is empty for a positional one.
    ///
    /// # Errors
    /// When the value isn't one of the type; nothing is appended then.
    pub fn argument(
        &mut self,
        name: &str,
        passing: Passing,
        type_info: &TypeInfo,
        value: &Value,
    ) -> Result<(), EncodeError> {
        let start = self.payload.len();
        let (name, units) = utf16::truncate(name, usize::from(u8::MAX));
        self.payload.push(units as u8);
        utf16::encode(&mut self.payload, name);
        self.payload.push(match passing {
            Passing::In => 0,
            Passing::Output => BY_REFERENCE,
            Passing::Default => DEFAULT,
        });
        type_info.encode(&mut self.payload);
        encode::value(&mut self.payload, type_info, value)
            .inspect_err(|_| self.payload.truncate(start))
    }

    /// The message's payload.
    pub fn into_payload(self) -> Vec<u8> {
        self.payload
    }
}

/// The beginning of a bulk load's message, [MS-TDS] 2.2.6.1; rows
/// ([`RowWriter`](crate::row::RowWriter)) and a [`Done`](crate::token::Done) follow it.
pub fn bulk_columns(columns: &[Column], out: &mut Vec<u8>) {
    encode_columns(columns, out);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        batch::SqlBatch,
        rpc::{RpcMessage, SpecialProcedure},
        types::{FixedType, Length},
        version::TdsVersion,
    };

    const HEADERS: RequestHeaders = RequestHeaders { transaction: 7, outstanding: 1 };

    #[test]
    fn a_batch_is_what_a_server_reads() {
        let payload = batch(HEADERS, "SELECT 'ß𝄞'");
        let read = SqlBatch::decode(&payload, TdsVersion::V7_4).unwrap();
        assert_eq!(read, SqlBatch { headers: HEADERS, text: "SELECT 'ß𝄞'".to_owned() });
    }

    #[test]
    fn a_call_is_what_a_server_reads() {
        let text = TypeInfo::NVarChar { length: Length::Max, collation: Default::default() };
        let int = TypeInfo::Nullable(FixedType::Int);
        let mut call = Call::new(HEADERS, &Procedure::Special(SpecialProcedure::ExecuteSql));
        call.argument("", Passing::In, &text, &Value::Text("SELECT @a".to_owned())).unwrap();
        call.argument("@a", Passing::Output, &int, &Value::Int(5)).unwrap();
        assert!(call.argument("@b", Passing::In, &int, &Value::Bit(true)).is_err());
        call.argument("@c", Passing::Default, &int, &Value::Null).unwrap();
        let read = RpcMessage::decode(&call.into_payload(), TdsVersion::V7_4).unwrap();
        let [call] = read.calls.as_slice() else { panic!("{read:?}") };
        assert_eq!(read.headers, HEADERS);
        assert_eq!(call.procedure, Procedure::Special(SpecialProcedure::ExecuteSql));
        let arguments: Vec<_> = call
            .parameters
            .iter()
            .map(|p| (p.name.as_str(), p.by_reference, p.default, p.value.clone()))
            .collect();
        assert_eq!(
            arguments,
            [
                ("", false, false, Value::Text("SELECT @a".to_owned())),
                ("@a", true, false, Value::Int(5)),
                ("@c", false, true, Value::Null),
            ]
        );

        let named = Call::new(HEADERS, &Procedure::Named("[dbo].[ü]".to_owned()));
        let read = RpcMessage::decode(&named.into_payload(), TdsVersion::V7_4).unwrap();
        assert_eq!(read.calls[0].procedure, Procedure::Named("[dbo].[ü]".to_owned()));
    }
}
