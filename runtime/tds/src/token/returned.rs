//! RETURNSTATUS and RETURNVALUE, [MS-TDS] 2.2.7.18 and 2.2.7.19.

use super::b_varchar;
use crate::types::{EncodeError, TypeInfo, Value, encode};

const RETURNSTATUS: u8 = 0x79;
const RETURNVALUE: u8 = 0xac;

/// What a procedure has returned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReturnStatus(pub i32);

/// The value of an OUTPUT parameter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ReturnValue<'a> {
    /// The parameter's place in the call, from 0.
    pub ordinal: u16,
    /// The parameter's name with the `@`, or empty.
    pub name: &'a str,
    /// What returned it.
    pub kind: ReturnKind,
    /// Its type. text, ntext and image are not possible.
    pub type_info: &'a TypeInfo,
    /// The value.
    pub value: &'a Value,
}

/// What a RETURNVALUE comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReturnKind {
    /// An OUTPUT parameter of a procedure.
    Output = 0x01,
    /// The result of a function.
    Function = 0x02,
}

// === impl ReturnStatus ===

impl ReturnStatus {
    /// Appends the token.
    pub fn encode(self, out: &mut Vec<u8>) {
        out.push(RETURNSTATUS);
        out.extend_from_slice(&self.0.to_le_bytes());
    }
}

// === impl ReturnValue ===

impl ReturnValue<'_> {
    /// Appends the token.
    ///
    /// # Errors
    /// When the value isn't one of the type; nothing is appended then.
    pub fn encode(&self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        if self.type_info.has_text_pointer() {
            return Err(EncodeError::WrongType {
                given: "an OUTPUT parameter",
                declared: self.type_info.name(),
            });
        }
        let start = out.len();
        out.push(RETURNVALUE);
        out.extend_from_slice(&self.ordinal.to_le_bytes());
        b_varchar(out, self.name);
        out.push(self.kind as u8);
        // No user-defined type, no flags.
        out.extend_from_slice(&[0; 6]);
        self.type_info.encode(out);
        encode::value(out, self.type_info, self.value).inspect_err(|_| out.truncate(start))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::FixedType;

    #[test]
    fn values_and_status() {
        let mut out = Vec::new();
        ReturnStatus(-4).encode(&mut out);
        assert_eq!(out, [0x79, 0xfc, 0xff, 0xff, 0xff]);
        out.clear();
        let int = TypeInfo::Nullable(FixedType::Int);
        let mut returned = ReturnValue {
            ordinal: 1,
            name: "@h",
            kind: ReturnKind::Output,
            type_info: &int,
            value: &Value::Int(5),
        };
        returned.encode(&mut out).unwrap();
        assert_eq!(
            out,
            [0xac, 1, 0, 2, b'@', 0, b'h', 0, 1, 0, 0, 0, 0, 0, 0, 0x26, 4, 4, 5, 0, 0, 0]
        );
        out.clear();
        returned.value = &Value::Bit(true);
        assert!(returned.encode(&mut out).is_err());
        returned.type_info = &TypeInfo::Image;
        assert!(returned.encode(&mut out).is_err());
        assert!(out.is_empty());
    }
}
