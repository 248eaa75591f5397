//! COMPRESS and DECOMPRESS: the format gzip (RFC 1952), as the pages on both say.

use std::io::Read;

use flate2::Compression;
use flate2::read::{GzEncoder, MultiGzDecoder};
use launchpod_types::{SqlError, SqlType, Value};

use super::{Actual, Builtin, Signature, convert};
use crate::errors;

/// All of them.
pub(crate) const BUILTINS: &[Builtin] = &[
    Builtin { name: "COMPRESS", arity: (1, 1), signature: compress },
    Builtin { name: "DECOMPRESS", arity: (1, 1), signature: decompress },
];

/// How many bytes DECOMPRESS makes at most: SQLite's own limit for a cell.
const MOST: u64 = 256 * 1024 * 1024;

fn compress(a: &[Actual<'_>]) -> Result<Signature, SqlError> {
    let t = a[0].sql_type;
    if !t.is_character() && !t.is_binary() {
        return Err(errors::argument_type(t, 1, "compress"));
    }
    Ok(Signature::strict(vec![t], SqlType::VARBINARY_MAX, move |v| {
        let Value::Binary(bytes) = convert::cast(&v[0], t, SqlType::VARBINARY_MAX)? else {
            return Ok(Value::Null);
        };
        let mut packed = Vec::new();
        let mut encoder = GzEncoder::new(&bytes[..], Compression::default());
        encoder.read_to_end(&mut packed).map_err(errors::internal)?;
        Ok(Value::Binary(packed))
    }))
}

fn decompress(a: &[Actual<'_>]) -> Result<Signature, SqlError> {
    let t = a[0].sql_type;
    if !t.is_binary() {
        return Err(errors::argument_type(t, 1, "decompress"));
    }
    Ok(Signature::strict(vec![t], SqlType::VARBINARY_MAX, |v| {
        let Value::Binary(packed) = &v[0] else { return Ok(Value::Null) };
        let mut bytes = Vec::new();
        let read = MultiGzDecoder::new(&packed[..]).take(MOST + 1).read_to_end(&mut bytes);
        match read {
            Ok(_) if bytes.len() as u64 > MOST => Err(errors::too_large_to_grow()),
            Ok(_) => Ok(Value::Binary(bytes)),
            Err(_) => Err(errors::archive_corrupted()),
        }
    }))
}
