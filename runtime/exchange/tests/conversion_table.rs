//! SQL Server's table of implicit conversions ("CAST and CONVERT", "Implicit conversions"), cell by
//! cell: what a worker may send for each declared type.
#![allow(clippy::unwrap_used)] // A step that fails is a failed test.

use std::sync::Arc;

use arrow_array::{
    Array, ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, FixedSizeBinaryArray,
    Float32Array, Float64Array, Int8Array, Int16Array, Int32Array, Int64Array, RecordBatch,
    StringArray, Time64MicrosecondArray, TimestampMicrosecondArray, UInt8Array, UInt16Array,
    UInt32Array, UInt64Array,
};
use launchpod_exchange::convert::Converter;
use launchpod_types::{Column, Length, SqlType};

/// A column for each declared type (numbers, text, bytes, dates and times, uniqueidentifier,
/// sql_variant), a line for each kind of array: `o` is converted, `-` has no conversion in SQL Server either, `x` has one
/// there, and none here.
const TABLE: &str = "
bit        oooooooooo oooo---- oo- --oo-- - o
integers   oooooooooo oooo---- oo- --oo-- - o
floats     oooooooooo oooo---- oo- --oo-- - o
decimal    oooooooooo oooo---- oo- --oo-- - o
text       oooooooooo oooooooo --- oooooo o o
bytes      xoooo--xoo xxxx--x- ooo --xx-- o o
date       ---------- oooo---- --- o-oooo - o
time       ---------- oooo---- --- -ooooo - o
timestamp  ---------- oooo---- --- oooooo - o
moment     ---------- oooo---- --- oooooo - o
guid       ---------- oooo---- oo- ------ o o
";

/// The declared types, in the order of the table's cells.
fn declared() -> Vec<SqlType> {
    let limited = Length::Limited(40);
    vec![
        SqlType::Bit,
        SqlType::TinyInt,
        SqlType::SmallInt,
        SqlType::Int,
        SqlType::BigInt,
        SqlType::Real,
        SqlType::Float,
        SqlType::Decimal { precision: 9, scale: 2 },
        SqlType::Money,
        SqlType::SmallMoney,
        SqlType::Char(40),
        SqlType::VarChar(limited),
        SqlType::NChar(40),
        SqlType::NVarChar(limited),
        SqlType::Text,
        SqlType::NText,
        SqlType::Xml,
        SqlType::Json,
        SqlType::Binary(20),
        SqlType::VarBinary(Length::Limited(20)),
        SqlType::Image,
        SqlType::Date,
        SqlType::Time(7),
        SqlType::SmallDateTime,
        SqlType::DateTime,
        SqlType::DateTime2(7),
        SqlType::DateTimeOffset(7),
        SqlType::UniqueIdentifier,
        SqlType::Variant,
    ]
}

/// One value of each array that a kind of the table has.
fn arrays(kind: &str, to: SqlType) -> Vec<ArrayRef> {
    match kind {
        "bit" => vec![Arc::new(BooleanArray::from(vec![true]))],
        "integers" => vec![
            Arc::new(Int8Array::from(vec![1])),
            Arc::new(Int16Array::from(vec![1])),
            Arc::new(Int32Array::from(vec![1])),
            Arc::new(Int64Array::from(vec![1])),
            Arc::new(UInt8Array::from(vec![1])),
            Arc::new(UInt16Array::from(vec![1])),
            Arc::new(UInt32Array::from(vec![1])),
            Arc::new(UInt64Array::from(vec![1])),
        ],
        "floats" => {
            vec![Arc::new(Float32Array::from(vec![1.5])), Arc::new(Float64Array::from(vec![1.5]))]
        }
        "decimal" => {
            let decimals = Decimal128Array::from(vec![15]);
            vec![Arc::new(decimals.with_precision_and_scale(3, 1).unwrap())]
        }
        "text" => vec![Arc::new(StringArray::from(vec![written(to)]))],
        "bytes" => vec![Arc::new(BinaryArray::from(vec![&[1_u8][..]]))],
        "date" => vec![Arc::new(Date32Array::from(vec![1]))],
        "time" => vec![Arc::new(Time64MicrosecondArray::from(vec![1_000_000]))],
        "timestamp" => vec![Arc::new(TimestampMicrosecondArray::from(vec![1_000_000]))],
        "moment" => {
            let zoned = TimestampMicrosecondArray::from(vec![1_000_000]).with_timezone("UTC");
            vec![fixed(&[0; 10]), Arc::new(zoned)]
        }
        "guid" => vec![fixed(&[7; 16])],
        other => panic!("no kind {other}"),
    }
}

/// A text that is a value of the type.
fn written(to: SqlType) -> &'static str {
    match to {
        SqlType::Xml => "<a/>",
        SqlType::UniqueIdentifier => "6F9619FF-8B86-D011-B42D-00C04FC964FF",
        SqlType::Time(_) => "12:30:00",
        _ if to.is_temporal() => "2026-01-02",
        _ => "1",
    }
}

fn fixed(bytes: &[u8]) -> ArrayRef {
    Arc::new(FixedSizeBinaryArray::try_from_iter([bytes].into_iter()).unwrap())
}

/// Whether the array converts; the error's number where there is no conversion.
fn convert(array: ArrayRef, to: SqlType) -> Result<(), i32> {
    let batch = RecordBatch::try_from_iter([("c", array)]).unwrap();
    let number = |error: launchpod_exchange::convert::ConvertError| {
        error.sql_error().map_or(0, |error| error.number())
    };
    let converter =
        Converter::declared(batch.schema_ref(), &[Column::new("c", to)]).map_err(number)?;
    for part in converter.convert(&batch) {
        assert_eq!(part.map_err(number)?.column(0).null_count(), 0, "{to}");
    }
    Ok(())
}

#[test]
fn every_cell() {
    for line in TABLE.lines().filter(|line| !line.is_empty()) {
        let (kind, cells) = line.split_once(' ').unwrap();
        let cells: Vec<char> = cells.chars().filter(|cell| *cell != ' ').collect();
        assert_eq!(cells.len(), declared().len(), "{kind}");
        for (cell, to) in cells.into_iter().zip(declared()) {
            for array in arrays(kind, to) {
                let expected = if cell == 'o' { Ok(()) } else { Err(11538) };
                let sent = array.data_type().clone();
                assert_eq!(convert(array, to), expected, "{sent} to {to}");
            }
        }
    }
}
