//! Hashes and checksums.

use launchpod_types::{Length, SqlError, SqlType, Value};
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

use super::collation::Collation;
use super::{Actual, Builtin, Signature};
use crate::errors;

/// All of them.
pub(crate) const BUILTINS: &[Builtin] = &[
    Builtin { name: "HASHBYTES", arity: (2, 2), signature: hash_bytes },
    Builtin { name: "CRYPT_GEN_RANDOM", arity: (1, 2), signature: random },
    Builtin { name: "BINARY_CHECKSUM", arity: (1, 100), signature: |a| checksum(a, false) },
    Builtin { name: "CHECKSUM", arity: (1, 100), signature: |a| checksum(a, true) },
];

/// A checksum by rotating four bits and XOR, over each value's bytes and then over the values.
/// CHECKSUM is the same for texts that are equal; its numbers aren't SQL Server's own.
fn checksum(a: &[Actual<'_>], fold: bool) -> Result<Signature, SqlError> {
    let types: Vec<SqlType> = a.iter().map(|actual| actual.sql_type).collect();
    let arguments = types.clone();
    Ok(Signature::strict(arguments, SqlType::Int, move |values| {
        let mut total = 0_u32;
        for (value, sql_type) in values.iter().zip(&types) {
            let own = match value {
                Value::Null => i32::MAX as u32,
                Value::Bit(bit) => u32::from(*bit),
                // The low and the high half: an int's checksum is the int.
                Value::Int(number) if *sql_type != SqlType::BigInt => *number as u32,
                Value::Int(number) => (*number as u32) ^ ((*number >> 32) as u32),
                Value::Text(text) if fold => {
                    let collator = Collation::default(sql_type.is_unicode()).collator();
                    rotate(collator.key(text).into_iter())
                }
                Value::Text(text) => rotate(text.bytes()),
                Value::Binary(bytes) => rotate(bytes.iter().copied()),
                other => rotate(format!("{other:?}").bytes()),
            };
            total = total.rotate_left(4) ^ own;
        }
        Ok(Value::Int(i64::from(total as i32)))
    })
    .lenient())
}

fn rotate(bytes: impl Iterator<Item = u8>) -> u32 {
    bytes.fold(0, |sum: u32, byte| sum.rotate_left(4) ^ u32::from(byte))
}

/// CRYPT_GEN_RANDOM: bytes of the operating system's; a seed has no part in them.
fn random(a: &[Actual<'_>]) -> Result<Signature, SqlError> {
    let mut arguments = vec![SqlType::Int];
    arguments.extend(a.get(1).map(|_| SqlType::VarBinary(Length::Limited(8000))));
    Ok(Signature::strict(arguments, SqlType::VarBinary(Length::Limited(8000)), |v| {
        let Value::Int(length) = v[0] else { return Ok(Value::Null) };
        let length = usize::try_from(length).ok().filter(|length| (1..=8000).contains(length));
        let length = length.ok_or_else(|| errors::invalid_parameter(1, "crypt_gen_random"))?;
        let mut bytes = vec![0; length];
        getrandom::fill(&mut bytes).map_err(errors::internal)?;
        Ok(Value::Binary(bytes))
    })
    .random())
}

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
            "MD5" => Md5::digest(&content).to_vec(),
            "SHA" | "SHA1" => Sha1::digest(&content).to_vec(),
            "MD2" | "MD4" => {
                return Err(errors::unsupported(format_args!("HASHBYTES('{algorithm}', …)")));
            }
            _ => return Ok(Value::Null),
        }))
    })
    .or_null())
}
