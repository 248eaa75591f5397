//! Conversions between types, as CAST, CONVERT, assignment and implicit conversion do them.
//!
//! Rules from "CAST and CONVERT (Transact-SQL)" and "Data type conversion (Database Engine)".

use launchpod_exchange::document;
use launchpod_types::{SqlError, SqlType, Value};

use super::culture::Culture;
use super::moment::Reading;
use super::text;
use crate::errors;

mod bytes;
mod moment_bytes;
mod number;
mod temporal;
mod written;

pub use bytes::hex;
pub use number::in_range;

pub use crate::text::Fit;

use bytes::{fit_bytes, to_bytes, to_guid};
use number::{to_bit, to_decimal, to_float, to_integer};
use temporal::{read_moment, to_moment};
use written::to_text;

/// Whether a conversion exists at all, and whether it happens without being asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Allowed {
    /// Implicitly and explicitly.
    Implicit,
    /// With CAST or CONVERT only.
    Explicit,
    /// Never.
    No,
}

/// The table of allowed conversions in the documentation of CAST and CONVERT.
pub fn allowed(from: SqlType, to: SqlType) -> Allowed {
    use Allowed::{Explicit, Implicit, No};
    let class = |t: SqlType| match t {
        SqlType::Real | SqlType::Float => 'f',
        SqlType::Text | SqlType::NText => 'l',
        SqlType::Image => 'i',
        SqlType::Xml => 'x',
        SqlType::Json => 'j',
        SqlType::Variant => 'v',
        SqlType::UniqueIdentifier => 'g',
        SqlType::Date => 'd',
        SqlType::Time(_) => 't',
        SqlType::DateTime | SqlType::SmallDateTime => 's',
        SqlType::DateTime2(_) | SqlType::DateTimeOffset(_) => 'm',
        _ if t.is_numeric() => 'n',
        _ if t.is_character() => 'c',
        _ => 'b',
    };
    match (class(from), class(to)) {
        (a, b) if a == b => Implicit,
        (_, 'v') if from.fits_variant() => Implicit,
        (_, 'v') | ('v', 'l' | 'i' | 'x' | 'j') => No,
        ('v', _) => Explicit,
        ('j', 'c') => Explicit,
        ('n' | 'f', 'n' | 'f') => Implicit,
        ('c', 'b') => Explicit,
        ('c', _) => Implicit,
        ('n' | 'f', 'c') => Implicit,
        ('n' | 'f', 'b' | 's') => Implicit,
        ('s', 'n' | 'f') => Explicit,
        ('s' | 'd' | 't' | 'm', 'c') => Implicit,
        ('d', 't') | ('t', 'd') => No,
        ('s' | 'd' | 't' | 'm', 's' | 'd' | 't' | 'm') => Implicit,
        ('s' | 'd' | 't' | 'm', 'b') => Explicit,
        ('b', 'c' | 'n' | 's' | 'i' | 'g') => Implicit,
        ('b', 'd' | 't' | 'm') => Explicit,
        ('b', 'x') => Explicit,
        ('g', 'c') => Implicit,
        ('g', 'b') => Implicit,
        ('l', 'c') => Implicit,
        ('i', 'b') => Implicit,
        ('x', 'c' | 'b') => Explicit,
        _ => No,
    }
}

/// Converts a value; NULL stays NULL. With [`Fit::Refuse`], `Ok(None)` says that text or bytes
/// would be cut.
///
/// # Errors
/// SQL Server's conversion and overflow errors: 220, 234, 235, 241, 242, 244/248, 245, 281,
/// 529, 8114, 8115, 8169, 13609.
pub fn convert(
    value: &Value,
    from: SqlType,
    to: SqlType,
    style: i64,
    fit: Fit,
) -> Result<Option<Value>, SqlError> {
    if value.is_null() {
        return Ok(Some(Value::Null));
    }
    match value {
        _ if to == SqlType::Variant => return Ok(Some(value.clone().into_variant(from))),
        Value::Variant(variant) if allowed(variant.sql_type, to) == Allowed::No => {
            return Err(refused(variant.sql_type, to));
        }
        Value::Variant(variant) => {
            return convert(&variant.value, variant.sql_type, to, style, fit);
        }
        _ => {}
    }
    if to.is_character() {
        let content = to_text(value, from, to, style)?;
        if to == SqlType::Json {
            return document::json(&content)
                .map(|json| Some(Value::Text(json)))
                .map_err(errors::json_text);
        }
        return Ok(text::fit(content, to, fit).map(Value::Text));
    }
    if to.is_binary() {
        let bytes = to_bytes(value, from, to, style)?;
        return Ok(fit_bytes(bytes, from, to, fit).map(Value::Binary));
    }
    let converted = match to {
        SqlType::Bit => to_bit(value, from, to)?,
        SqlType::TinyInt | SqlType::SmallInt | SqlType::Int | SqlType::BigInt => {
            Value::Int(to_integer(value, from, to)?)
        }
        SqlType::Real => {
            let number = to_float(value, from, to)?;
            let narrow = number as f32;
            if narrow.is_infinite() {
                return Err(errors::overflow_from(from, to));
            }
            Value::Real(narrow)
        }
        SqlType::Float => Value::Float(to_float(value, from, to)?),
        SqlType::Decimal { .. } | SqlType::Money | SqlType::SmallMoney => {
            Value::Decimal(to_decimal(value, from, to)?)
        }
        SqlType::UniqueIdentifier => to_guid(value, from, to)?,
        _ => to_moment(value, from, to, style)?,
    };
    Ok(Some(converted))
}

/// [`convert`] as CAST does it.
pub fn cast(value: &Value, from: SqlType, to: SqlType) -> Result<Value, SqlError> {
    convert(value, from, to, 0, Fit::Cut).map(|value| value.unwrap_or(Value::Null))
}

/// PARSE: a text in a culture's spelling.
///
/// # Errors
/// Those of [`convert`].
pub fn parsed(text: &str, to: SqlType, culture: &Culture) -> Result<Value, SqlError> {
    let from = SqlType::NVARCHAR_MAX;
    if to.is_temporal() {
        let reading = Reading::in_order(culture.order);
        return read_moment(&culture.plain_date(text), reading, from, to);
    }
    // Whole numbers may have a fraction of zeros, and money a currency.
    let plain = Value::Text(culture.plain_number(text));
    match to {
        t if t.is_integer() => {
            let exact = SqlType::Decimal { precision: 38, scale: 10 };
            match cast(&plain, from, exact)? {
                Value::Decimal(number) if number.unscaled % 10_i128.pow(10) == 0 => {
                    cast(&Value::Decimal(number), exact, to)
                }
                _ => Err(errors::converting(from, to)),
            }
        }
        _ => cast(&plain, from, to),
    }
}

fn refused(from: SqlType, to: SqlType) -> SqlError {
    errors::explicit_conversion(from, to)
}

#[cfg(test)]
mod tests {
    use launchpod_types::{Decimal, Length};

    use super::*;

    const VARCHAR: SqlType = SqlType::VarChar(Length::Limited(30));

    fn text(value: Value, from: SqlType, style: i64) -> String {
        match convert(&value, from, VARCHAR, style, Fit::Cut).unwrap() {
            Some(Value::Text(text)) => text,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn numbers_as_text() {
        assert_eq!(text(Value::Float(0.1), SqlType::Float, 0), "0.1");
        assert_eq!(text(Value::Float(1_234_567.0), SqlType::Float, 0), "1.23457e+006");
        assert_eq!(text(Value::Float(123_456.0), SqlType::Float, 0), "123456");
        assert_eq!(text(Value::Float(1.5), SqlType::Float, 2), "1.500000000000000e+000");
        let money = Value::Decimal(Decimal::new(12_345_678_950, 4));
        assert_eq!(text(money.clone(), SqlType::Money, 0), "1234567.90");
        assert_eq!(text(money, SqlType::Money, 1), "1,234,567.90");
        let star = convert(&Value::Int(123), SqlType::Int, SqlType::Char(2), 0, Fit::Cut);
        assert_eq!(star, Ok(Some(Value::Text("* ".into()))));
    }

    #[test]
    fn text_as_numbers() {
        let int = |text: &str| cast(&text.into(), VARCHAR, SqlType::Int);
        assert_eq!(int(" -12 "), Ok(Value::Int(-12)));
        assert_eq!(int(""), Ok(Value::Int(0)));
        assert_eq!(int("1.5").unwrap_err().number(), 245);
        assert_eq!(int("3000000000").unwrap_err().number(), 248);
        let decimal = SqlType::Decimal { precision: 4, scale: 1 };
        assert_eq!(cast(&"1.25".into(), VARCHAR, decimal), Ok(Value::Decimal(Decimal::new(13, 1))));
        assert_eq!(cast(&"12345".into(), VARCHAR, decimal).unwrap_err().number(), 8115);
        assert_eq!(cast(&"x".into(), VARCHAR, decimal).unwrap_err().number(), 8114);
    }

    #[test]
    fn guids_go_through_bytes_unchanged() {
        let guid = Value::Guid([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]);
        let bytes = cast(&guid, SqlType::UniqueIdentifier, SqlType::Binary(16)).unwrap();
        assert_eq!(cast(&bytes, SqlType::Binary(16), SqlType::UniqueIdentifier), Ok(guid));
    }
}
