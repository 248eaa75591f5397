//! Hashes and random identifiers.

use launchpod_types::{Length, SqlError, SqlType, Value};
use sha2::{Digest, Sha256, Sha512};

use super::{Actual, Builtin, Signature};
use crate::sqlite::errors;

/// All of them.
pub(crate) const BUILTINS: &[Builtin] =
    &[Builtin { name: "HASHBYTES", arity: (2, 2), signature: hash_bytes }];

fn hash_bytes(a: &[Actual<'_>]) -> Result<Signature, SqlError> {
    let input = a[1].sql_type;
    let bytes = SqlType::VARBINARY_MAX;
    if !input.is_character() && !input.is_binary() {
        return Err(errors::argument_type(input, 2, "hashbytes"));
    }
    let arguments = vec![SqlType::VarChar(Length::Limited(30)), input];
    Ok(Signature::strict(arguments, SqlType::VarBinary(Length::Limited(8000)), move |v| {
        let Some(Value::Binary(content)) =
            super::convert::convert(&v[1], input, bytes, 0, super::convert::Fit::Cut)?
        else {
            return Ok(Value::Null);
        };
        let Value::Text(algorithm) = &v[0] else { return Ok(Value::Null) };
        Ok(Value::Binary(match algorithm.trim().to_ascii_uppercase().as_str() {
            "SHA2_256" => Sha256::digest(&content).to_vec(),
            "SHA2_512" => Sha512::digest(&content).to_vec(),
            "MD2" | "MD4" | "MD5" | "SHA" | "SHA1" => {
                return Err(errors::unsupported(format_args!("HASHBYTES('{algorithm}', …)")));
            }
            _ => return Ok(Value::Null),
        }))
    })
    .or_null())
}
