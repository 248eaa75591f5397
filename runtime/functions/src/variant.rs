//! sql_variant ("sql_variant (Transact-SQL)", "SQL_VARIANT_PROPERTY (Transact-SQL)").

use launchpod_types::calendar::{DAYS_FROM_1900, TICKS_PER_DAY};
use launchpod_types::{CatalogType, Length, SqlError, SqlType, Value, Variant};

use super::collation::{self, Collation};
use super::text;
use super::{Actual, Builtin, Signature, order};

/// All of them.
pub(crate) const BUILTINS: &[Builtin] =
    &[Builtin { name: "SQL_VARIANT_PROPERTY", arity: (2, 2), signature: property }];

/// The families of types, from the least: values of different ones compare as these do.
#[derive(Clone, Copy)]
enum Family {
    Guid,
    Binary,
    Text,
    Exact,
    Approximate,
    Moment,
}

fn family(sql_type: SqlType) -> Family {
    match sql_type {
        SqlType::UniqueIdentifier => Family::Guid,
        SqlType::Real | SqlType::Float => Family::Approximate,
        _ if sql_type.is_binary() => Family::Binary,
        _ if sql_type.is_character() => Family::Text,
        _ if sql_type.is_temporal() => Family::Moment,
        _ => Family::Exact,
    }
}

/// Bytes that compare as values do: those of one family by their value, whatever their types,
/// others as their families.
pub fn key(variant: &Variant) -> Vec<u8> {
    let mut key = vec![family(variant.sql_type) as u8];
    match &variant.value {
        Value::Null | Value::Variant(_) => {}
        Value::Guid(guid) => key.extend_from_slice(&order::guid_key(guid)),
        Value::Binary(bytes) => key.extend_from_slice(bytes),
        Value::Text(content) => key.extend(Collation::default(true).collator().key(content)),
        Value::Real(number) => key.extend_from_slice(&float_key(f64::from(*number))),
        Value::Float(number) => key.extend_from_slice(&float_key(*number)),
        Value::Bit(bit) => exact_key(&mut key, i128::from(*bit), 0),
        Value::Int(number) => exact_key(&mut key, i128::from(*number), 0),
        Value::Decimal(number) => exact_key(&mut key, number.unscaled, number.scale),
        Value::Date(days) => moment_key(&mut key, i64::from(*days) * TICKS_PER_DAY),
        // A time becomes one of the first day of datetime.
        Value::Time(ticks) => {
            moment_key(&mut key, ticks - i64::from(DAYS_FROM_1900) * TICKS_PER_DAY);
        }
        Value::DateTime(ticks) => moment_key(&mut key, *ticks),
        Value::DateTimeOffset { utc, .. } => moment_key(&mut key, *utc),
    }
    key
}

fn float_key(number: f64) -> [u8; 8] {
    let bits = (number + 0.0).to_bits();
    let ordered = if bits >> 63 == 0 { bits | 1 << 63 } else { !bits };
    ordered.to_be_bytes()
}

fn moment_key(key: &mut Vec<u8>, ticks: i64) {
    key.extend_from_slice(&((ticks as u64) ^ (1 << 63)).to_be_bytes());
}

/// Sign, how many digits stand before the point, and the digits without zeros at their end: the
/// same for equal numbers of different scales.
fn exact_key(key: &mut Vec<u8>, unscaled: i128, scale: u8) {
    let at = key.len();
    let digits = unscaled.unsigned_abs().to_string();
    let digits = digits.trim_end_matches('0');
    if digits.is_empty() {
        key.push(1);
        return;
    }
    // At most 39 digits.
    let count = unscaled.unsigned_abs().ilog10() as u8 + 1;
    key.extend_from_slice(&[2, 128 + count - scale]);
    key.extend_from_slice(digits.as_bytes());
    key.push(0);
    if unscaled < 0 {
        key[at..].iter_mut().for_each(|byte| *byte = !*byte);
        key[at] = 0;
    }
}

/// Bytes of the value without its type.
pub(crate) fn data_length(variant: &Variant) -> usize {
    match &variant.value {
        Value::Text(content) if variant.sql_type.is_unicode() => text::units(content, true) * 2,
        Value::Text(content) => text::units(content, false),
        Value::Binary(bytes) => bytes.len(),
        // Of fixed length, all of at most 17 bytes.
        _ => CatalogType::from(variant.sql_type).length as usize,
    }
}

/// `SQL_VARIANT_PROPERTY(value, property)`
fn property(_: &[Actual<'_>]) -> Result<Signature, SqlError> {
    let name = SqlType::VarChar(Length::Limited(128));
    let signature = Signature::strict(vec![SqlType::Variant, name], SqlType::Variant, |values| {
        let [Value::Variant(variant), Value::Text(property)] = values else {
            return Ok(Value::Null);
        };
        Ok(property_of(variant, property.trim()))
    });
    Ok(signature.or_null())
}

fn property_of(variant: &Variant, property: &str) -> Value {
    let t = variant.sql_type;
    let CatalogType { length, precision, scale, .. } = t.into();
    let int = |number: i64| Value::Int(number).into_variant(SqlType::Int);
    let name = |name: &str| Value::from(name).into_variant(SqlType::SYSNAME);
    match property.to_ascii_lowercase().as_str() {
        "basetype" => name(t.name()),
        "precision" => int(precision),
        "scale" => int(scale),
        "maxlength" => int(length),
        "collation" if t.is_character() => name(collation::DATABASE),
        "totalbytes" => {
            // A type and a version, and what the type says of itself.
            let described = match t {
                _ if t.is_character() => 8,
                _ if t.is_binary() => 4,
                SqlType::Decimal { .. } => 4,
                SqlType::Time(_) | SqlType::DateTime2(_) | SqlType::DateTimeOffset(_) => 3,
                _ => 2,
            };
            int(data_length(variant) as i64 + described)
        }
        _ => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use launchpod_types::Decimal;

    use super::*;

    fn of(sql_type: SqlType, value: Value) -> Variant {
        Variant { sql_type, value }
    }

    fn decimal(unscaled: i128, scale: u8) -> Variant {
        of(SqlType::Decimal { precision: 38, scale }, Value::Decimal(Decimal::new(unscaled, scale)))
    }

    #[test]
    fn keys_sort_by_family_and_then_by_value() {
        let int = |number: i64| of(SqlType::Int, Value::Int(number));
        let text = |text: &str| of(SqlType::SYSNAME, Value::from(text));
        let sorted = [
            of(SqlType::UniqueIdentifier, Value::Guid([9; 16])),
            of(SqlType::Binary(1), Value::Binary(vec![1])),
            text("a"),
            text("b"),
            decimal(-(10_i128.pow(38) - 1), 0),
            int(-100),
            int(-99),
            decimal(-991, 3),
            decimal(-99, 2),
            decimal(-1, 38),
            int(0),
            decimal(1, 38),
            decimal(1, 2),
            decimal(99, 2),
            decimal(991, 3),
            int(1),
            decimal(101, 2),
            int(99),
            int(100),
            decimal(10_i128.pow(38) - 1, 0),
            of(SqlType::Float, Value::Float(-1.5)),
            of(SqlType::Float, Value::Float(-0.5)),
            of(SqlType::Real, Value::Real(0.0)),
            of(SqlType::Real, Value::Real(1.5)),
            of(SqlType::Float, Value::Float(1e300)),
            of(SqlType::Time(7), Value::Time(1)),
            of(SqlType::Date, Value::Date(0)),
            of(SqlType::DateTime, Value::DateTime(1)),
        ];
        for pair in sorted.windows(2) {
            assert!(key(&pair[0]) < key(&pair[1]), "{pair:?}");
        }
    }

    #[test]
    fn equal_values_of_a_family_have_one_key() {
        for (left, right) in [
            (of(SqlType::TinyInt, Value::Int(1)), decimal(100, 2)),
            (of(SqlType::Bit, Value::Bit(false)), decimal(0, 5)),
            (of(SqlType::Real, Value::Real(-0.0)), of(SqlType::Float, Value::Float(0.0))),
            (of(SqlType::Char(3), Value::from("a  ")), of(SqlType::SYSNAME, Value::from("A"))),
            (of(SqlType::Date, Value::Date(0)), of(SqlType::DateTime, Value::DateTime(0))),
        ] {
            assert_eq!(key(&left), key(&right), "{left:?} {right:?}");
        }
    }
}
