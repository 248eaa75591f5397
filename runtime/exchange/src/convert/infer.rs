//! The SQL type that an output column has by itself.

use arrow_schema::{DataType, Field};
use launchpod_types::{Length, SqlType};

use crate::storage::GUID_SIZE;

/// The key of a text field's metadata that says its longest value, in UTF-16 code units.
pub const LENGTH_KEY: &str = "launchpod.max_length";
/// The longest `nvarchar` that isn't `(max)`.
const MAX_NVARCHAR: u16 = 4000;

/// The SQL type of a column that no WITH RESULT SETS declares.
///
/// After what SQL Server's own Python extension does, with the types that it lacks mapped to the
/// narrowest that holds all values.
pub fn sql_type(field: &Field) -> SqlType {
    match field.data_type() {
        DataType::Boolean => SqlType::Bit,
        DataType::UInt8 => SqlType::TinyInt,
        DataType::Int8 | DataType::Int16 => SqlType::SmallInt,
        DataType::UInt16 | DataType::Int32 => SqlType::Int,
        DataType::UInt32 | DataType::Int64 => SqlType::BigInt,
        DataType::UInt64 => SqlType::Decimal { precision: 20, scale: 0 },
        DataType::Float32 => SqlType::Real,
        DataType::Float64 => SqlType::Float,
        DataType::Decimal128(precision, scale) => {
            SqlType::Decimal { precision: *precision, scale: scale.unsigned_abs() }
        }
        DataType::Binary => SqlType::VARBINARY_MAX,
        DataType::Date32 => SqlType::Date,
        DataType::Time64(_) => SqlType::Time(6),
        DataType::Timestamp(_, None) => SqlType::DateTime2(6),
        DataType::Timestamp(_, Some(_)) => SqlType::DateTimeOffset(6),
        DataType::FixedSizeBinary(GUID_SIZE) => SqlType::UniqueIdentifier,
        DataType::FixedSizeBinary(_) => SqlType::DateTimeOffset(6),
        // A column of NULLs alone.
        DataType::Null => SqlType::NVarChar(Length::Limited(1)),
        _ => text(field),
    }
}

fn text(field: &Field) -> SqlType {
    let longest = field.metadata().get(LENGTH_KEY).and_then(|length| length.parse::<u16>().ok());
    match longest {
        Some(longest @ ..=MAX_NVARCHAR) => SqlType::NVarChar(Length::Limited(longest.max(1))),
        _ => SqlType::NVARCHAR_MAX,
    }
}
