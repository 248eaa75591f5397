//! How a column of T-SQL values is held in Arrow inside the controller.
//!
//! A database session yields, and the front sends, Arrow arrays beside [`Column`]s. The column
//! says what a value means; the array only stores it, exactly. One storage type per SQL type:
//!
//! | SQL type | Arrow type | unit |
//! | --- | --- | --- |
//! | bit | Boolean | |
//! | tinyint, smallint, int, bigint | UInt8, Int16, Int32, Int64 | |
//! | real, float | Float32, Float64 | |
//! | decimal(p,s) | Decimal128(p,s) | |
//! | money, smallmoney | Decimal128(19,4), Decimal128(10,4) | |
//! | all character types, xml, json | Utf8 | |
//! | all binary types | Binary | |
//! | sql_variant | Binary | [`Variant::to_bytes`](launchpod_types::Variant::to_bytes) |
//! | date | Date32 | days since 1970-01-01 |
//! | time | Time64(Nanosecond) | |
//! | datetime, smalldatetime, datetime2 | Int64 | 100 ns since 1970-01-01 00:00 |
//! | datetimeoffset | FixedSizeBinary(10) | i64 LE of 100 ns since 1970 UTC, i16 LE minutes |
//! | uniqueidentifier | FixedSizeBinary(16) | the order its text is written in |
//!
//! Arrow's own timestamps are not used here: nanoseconds don't reach the years 1 to 9999, and
//! microseconds would lose the seventh digit of `datetime2(7)`.

use std::sync::Arc;

use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use launchpod_types::{Column, SqlType};

/// Bytes of a stored `datetimeoffset`.
pub const DATETIMEOFFSET_SIZE: i32 = 10;
/// Bytes of a stored `uniqueidentifier`.
pub const GUID_SIZE: i32 = 16;

/// The Arrow type that stores values of a SQL type.
pub fn data_type(sql_type: SqlType) -> DataType {
    match sql_type {
        SqlType::Bit => DataType::Boolean,
        SqlType::TinyInt => DataType::UInt8,
        SqlType::SmallInt => DataType::Int16,
        SqlType::Int => DataType::Int32,
        SqlType::BigInt => DataType::Int64,
        SqlType::Real => DataType::Float32,
        SqlType::Float => DataType::Float64,
        // Scales are at most 38, so the cast can't wrap.
        SqlType::Decimal { precision, scale } => DataType::Decimal128(precision, scale as i8),
        SqlType::Money => DataType::Decimal128(19, 4),
        SqlType::SmallMoney => DataType::Decimal128(10, 4),
        SqlType::Char(_)
        | SqlType::VarChar(_)
        | SqlType::NChar(_)
        | SqlType::NVarChar(_)
        | SqlType::Text
        | SqlType::NText
        | SqlType::Xml
        | SqlType::Json => DataType::Utf8,
        SqlType::Binary(_) | SqlType::VarBinary(_) | SqlType::Image | SqlType::Variant => {
            DataType::Binary
        }
        SqlType::Date => DataType::Date32,
        SqlType::Time(_) => DataType::Time64(TimeUnit::Nanosecond),
        SqlType::SmallDateTime | SqlType::DateTime | SqlType::DateTime2(_) => DataType::Int64,
        SqlType::DateTimeOffset(_) => DataType::FixedSizeBinary(DATETIMEOFFSET_SIZE),
        SqlType::UniqueIdentifier => DataType::FixedSizeBinary(GUID_SIZE),
    }
}

/// The schema of the record batches that store rows of these columns.
pub fn schema(columns: &[Column]) -> SchemaRef {
    let fields: Vec<Field> = columns
        .iter()
        .map(|column| Field::new(&column.name, data_type(column.sql_type), column.nullable))
        .collect();
    Arc::new(Schema::new(fields))
}
