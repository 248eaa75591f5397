//! What becomes of a worker's values under WITH RESULT SETS, and without.
#![allow(clippy::unwrap_used)] // A step that fails is a failed test.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int64Type,
    Time64MicrosecondType, TimestampMicrosecondType, UInt64Type,
};
use arrow_array::{
    Array, ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, FixedSizeBinaryArray,
    Float32Array, Float64Array, Int8Array, Int32Array, Int64Array, NullArray, PrimitiveArray,
    RecordBatch, StringArray, Time64MicrosecondArray, TimestampMicrosecondArray, UInt64Array,
};
use arrow_buffer::NullBuffer;
use arrow_schema::{Field, Schema};
use launchpod_exchange::convert::{ConvertError, Converter};
use launchpod_exchange::value_at;
use launchpod_types::{Column, Decimal, Length, SqlType, Value, calendar};

const DEC_9_2: SqlType = SqlType::Decimal { precision: 9, scale: 2 };

fn convert_all(array: ArrayRef, column: Column) -> Result<Vec<Value>, ConvertError> {
    let batch = RecordBatch::try_from_iter_with_nullable([("c", array, true)]).unwrap();
    let converter = Converter::declared(batch.schema_ref(), std::slice::from_ref(&column))?;
    let mut values = Vec::new();
    for part in converter.convert(&batch) {
        let part = part?;
        let array = part.column(0);
        values.extend((0..array.len()).map(|row| value_at(array, row, column.sql_type)));
    }
    Ok(values)
}

/// Converts one value.
fn convert(array: impl Array + 'static, to: SqlType) -> Result<Value, ConvertError> {
    let mut values = convert_all(Arc::new(array), Column::new("c", to))?;
    assert_eq!(values.len(), 1);
    Ok(values.remove(0))
}

fn number(result: Result<Value, ConvertError>) -> i32 {
    result.unwrap_err().sql_error().unwrap().number()
}

fn int(value: i64) -> Int64Array {
    Int64Array::from(vec![value])
}

fn float(value: f64) -> Float64Array {
    Float64Array::from(vec![value])
}

fn text(value: &str) -> StringArray {
    StringArray::from(vec![value])
}

fn decimal(unscaled: i128, precision: u8, scale: i8) -> Decimal128Array {
    Decimal128Array::from(vec![unscaled]).with_precision_and_scale(precision, scale).unwrap()
}

fn stamp(value: i64) -> TimestampMicrosecondArray {
    TimestampMicrosecondArray::from(vec![value])
}

fn dec(unscaled: i128, scale: u8) -> Value {
    Value::Decimal(Decimal::new(unscaled, scale))
}

fn ticks(year: i32, month: u32, day: u32) -> i64 {
    i64::from(calendar::days_from_civil(year, month, day)) * calendar::TICKS_PER_DAY
}

#[test]
fn integers_narrow_within_their_range_only() {
    assert_eq!(convert(int(255), SqlType::TinyInt).unwrap(), Value::Int(255));
    assert_eq!(number(convert(int(256), SqlType::TinyInt)), 220);
    assert_eq!(number(convert(int(-1), SqlType::TinyInt)), 220);
    assert_eq!(number(convert(int(32_768), SqlType::SmallInt)), 220);
    assert_eq!(number(convert(int(1 << 31), SqlType::Int)), 8115);
    assert_eq!(convert(Int8Array::from(vec![-5]), SqlType::BigInt).unwrap(), Value::Int(-5));
    let beyond = UInt64Array::from(vec![u64::MAX]);
    assert_eq!(number(convert(beyond, SqlType::BigInt)), 8115);
    assert_eq!(convert(int(7), SqlType::Bit).unwrap(), Value::Bit(true));
    assert_eq!(convert(BooleanArray::from(vec![true]), SqlType::Int).unwrap(), Value::Int(1));
}

#[test]
fn floats_lose_their_fraction_and_not_their_range() {
    assert_eq!(convert(float(-2.9), SqlType::Int).unwrap(), Value::Int(-2));
    assert_eq!(
        convert(float(9e18), SqlType::BigInt).unwrap(),
        Value::Int(9_000_000_000_000_000_000)
    );
    assert_eq!(number(convert(float(9.3e18), SqlType::BigInt)), 232);
    assert_eq!(number(convert(float(2_147_483_648.0), SqlType::Int)), 232);
    assert_eq!(number(convert(float(1e300), SqlType::Real)), 232);
    assert_eq!(convert(Float32Array::from(vec![0.5]), SqlType::Float).unwrap(), Value::Float(0.5));
}

#[test]
fn what_is_no_number_is_null() {
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        for to in [SqlType::Float, SqlType::Real, SqlType::Int, DEC_9_2, SqlType::NVARCHAR_MAX] {
            assert_eq!(convert(float(value), to).unwrap(), Value::Null, "{value} to {to}");
        }
    }
}

#[test]
fn decimals_round_half_away_from_zero_and_fit() {
    assert_eq!(convert(decimal(-1_235, 9, 3), DEC_9_2).unwrap(), dec(-124, 2));
    assert_eq!(convert(decimal(19, 9, 1), SqlType::Int).unwrap(), Value::Int(1));
    assert_eq!(convert(int(12), DEC_9_2).unwrap(), dec(1_200, 2));
    assert_eq!(number(convert(int(10_000_000), DEC_9_2)), 8115);
    assert_eq!(number(convert(decimal(1_000_000_000, 10, 2), DEC_9_2)), 8115);
    assert_eq!(convert(decimal(25, 3, 1), SqlType::Float).unwrap(), Value::Float(2.5));
    let money = convert(decimal(123_456, 9, 5), SqlType::Money).unwrap();
    assert_eq!(money, dec(12_346, 4));
    assert_eq!(number(convert(int(214_749), SqlType::SmallMoney)), 8115);
}

#[test]
fn decimals_of_fifteen_digits_survive_a_float() {
    for unscaled in [1_i128, 999_999_999_999_999, 123_456_789_012_345, 100_000_000_000_001] {
        for scale in 0..=15 {
            let to = SqlType::Decimal { precision: 15, scale };
            let through = unscaled as f64 / 10_f64.powi(i32::from(scale));
            assert_eq!(convert(float(through), to).unwrap(), dec(unscaled, scale));
        }
    }
}

#[test]
fn text_is_read_as_what_is_declared() {
    assert_eq!(convert(text(" 12 "), SqlType::Int).unwrap(), Value::Int(12));
    assert_eq!(number(convert(text("12x"), SqlType::Int)), 245);
    assert_eq!(number(convert(text("300"), SqlType::TinyInt)), 244);
    assert_eq!(number(convert(text("3000000000"), SqlType::Int)), 248);
    assert_eq!(number(convert(text(&"9".repeat(50)), SqlType::BigInt)), 8115);
    assert_eq!(number(convert(text("x"), SqlType::Float)), 8114);
    assert_eq!(convert(text("-1.255"), DEC_9_2).unwrap(), dec(-126, 2));
    assert_eq!(number(convert(text(""), DEC_9_2)), 8114);
    assert_eq!(convert(text("$1,234.5"), SqlType::Money).unwrap(), dec(12_345_000, 4));
    assert_eq!(number(convert(text("a lot"), SqlType::Money)), 235);
    assert_eq!(convert(text("TRUE"), SqlType::Bit).unwrap(), Value::Bit(true));
    assert_eq!(number(convert(text("perhaps"), SqlType::Bit)), 245);
    assert_eq!(number(convert(text("31.12.2020"), SqlType::Date)), 241);
    assert_eq!(number(convert(text("no guid"), SqlType::UniqueIdentifier)), 8169);
    assert_eq!(
        convert(text("2020-02-29T12:00:00.1234567"), SqlType::DateTime2(7)).unwrap(),
        Value::DateTime(ticks(2020, 2, 29) + 43_200 * 10_000_000 + 1_234_567)
    );
    let offset = Value::DateTimeOffset { utc: ticks(2020, 1, 1), offset: -90 };
    let written = text("2019-12-31 22:30:00 -01:30");
    assert_eq!(convert(written, SqlType::DateTimeOffset(0)).unwrap(), offset);
}

#[test]
fn text_is_never_cut() {
    let five = SqlType::NVarChar(Length::Limited(5));
    assert_eq!(convert(text("12345"), five).unwrap(), Value::from("12345"));
    assert_eq!(number(convert(text("123456"), five)), 8152);
    // An astral character takes two places, any other one, however many bytes it has.
    assert_eq!(convert(text("ππππ€"), five).unwrap(), Value::from("ππππ€"));
    assert_eq!(number(convert(text("𝄞𝄞𝄞"), five)), 8152);
    assert_eq!(convert(text("a€"), SqlType::NChar(4)).unwrap(), Value::from("a€  "));
    assert_eq!(number(convert(text("12345"), SqlType::Char(4))), 8152);
    let long = "x".repeat(100_000);
    assert_eq!(convert(text(&long), SqlType::VARCHAR_MAX).unwrap(), Value::from(long));
}

#[test]
fn numbers_and_times_are_written_as_text() {
    let to = SqlType::NVarChar(Length::Limited(40));
    assert_eq!(convert(int(-5), to).unwrap(), Value::from("-5"));
    assert_eq!(convert(float(0.1), to).unwrap(), Value::from("0.1"));
    assert_eq!(convert(float(-f64::MAX), to).unwrap(), Value::from("-1.7976931348623157e+308"));
    assert_eq!(convert(float(1e-7), to).unwrap(), Value::from("1e-7"));
    assert_eq!(convert(float(1e6), to).unwrap(), Value::from("1000000"));
    assert_eq!(convert(Float32Array::from(vec![0.1]), to).unwrap(), Value::from("0.1"));
    assert_eq!(convert(BooleanArray::from(vec![true]), to).unwrap(), Value::from("1"));
    assert_eq!(convert(decimal(-50, 9, 2), to).unwrap(), Value::from("-0.50"));
    assert_eq!(convert(Date32Array::from(vec![0]), to).unwrap(), Value::from("1970-01-01"));
    assert_eq!(convert(stamp(-1), to).unwrap(), Value::from("1969-12-31 23:59:59.999999"));
    let narrow = SqlType::VarChar(Length::Limited(2));
    assert_eq!(number(convert(int(100), narrow)), 8115);
    assert_eq!(number(convert(float(1.25), narrow)), 232);
}

#[test]
fn bytes_stay_bytes() {
    let bytes = || BinaryArray::from(vec![&b"ab"[..]]);
    assert_eq!(convert(bytes(), SqlType::VARBINARY_MAX).unwrap(), Value::Binary(b"ab".to_vec()));
    assert_eq!(convert(bytes(), SqlType::Binary(3)).unwrap(), Value::Binary(b"ab\0".to_vec()));
    let narrow = SqlType::VarBinary(Length::Limited(1));
    assert_eq!(number(convert(bytes(), narrow)), 8152);
    assert_eq!(number(convert(bytes(), SqlType::NVARCHAR_MAX)), 11538);
    assert_eq!(number(convert(bytes(), SqlType::Float)), 11538);
    assert_eq!(number(convert(text("ab"), SqlType::VARBINARY_MAX)), 11538);
}

#[test]
fn numbers_are_days_after_1900() {
    let day = calendar::TICKS_PER_DAY;
    let noon = Value::DateTime(ticks(1900, 1, 2) + day / 2);
    assert_eq!(convert(float(1.5), SqlType::DateTime).unwrap(), noon);
    assert_eq!(convert(Float32Array::from(vec![1.5]), SqlType::SmallDateTime).unwrap(), noon);
    assert_eq!(convert(decimal(15, 2, 1), SqlType::DateTime).unwrap(), noon);
    let first = Value::DateTime(ticks(1753, 1, 1));
    assert_eq!(convert(int(-53_690), SqlType::DateTime).unwrap(), first);
    assert_eq!(number(convert(int(-53_691), SqlType::DateTime)), 8115);
    assert_eq!(number(convert(int(i64::MAX), SqlType::DateTime)), 8115);
    assert_eq!(number(convert(float(1e300), SqlType::DateTime)), 8115);
    assert_eq!(number(convert(decimal(10_i128.pow(38) - 1, 38, 0), SqlType::DateTime)), 8115);
    assert_eq!(number(convert(int(-1), SqlType::SmallDateTime)), 8115);
    for to in [SqlType::Date, SqlType::Time(7), SqlType::DateTime2(7), SqlType::DateTimeOffset(7)] {
        assert_eq!(number(convert(int(1), to)), 11538, "{to}");
    }
}

#[test]
fn numbers_are_bytes_and_bytes_are_numbers() {
    let limited = |n| SqlType::VarBinary(Length::Limited(n));
    let cases: [(ArrayRef, SqlType, &[u8]); 8] = [
        (Arc::new(Int32Array::from(vec![258])), SqlType::VARBINARY_MAX, &[0, 0, 1, 2]),
        (Arc::new(Int32Array::from(vec![258])), limited(2), &[1, 2]),
        (Arc::new(Int32Array::from(vec![-1])), SqlType::Binary(6), &[0, 0, 255, 255, 255, 255]),
        (Arc::new(BooleanArray::from(vec![true])), SqlType::Binary(1), &[1]),
        (Arc::new(float(1.0)), limited(8), &[0x3f, 0xf0, 0, 0, 0, 0, 0, 0]),
        (Arc::new(Float32Array::from(vec![1.0])), limited(8), &[0x3f, 0x80, 0, 0]),
        (Arc::new(decimal(150, 5, 2)), limited(8), &[5, 2, 0, 1, 0x96, 0, 0, 0]),
        (Arc::new(decimal(-1, 10, 0)), limited(12), &[10, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]),
    ];
    for (array, to, bytes) in cases {
        let values = convert_all(array, Column::new("c", to)).unwrap();
        assert_eq!(values, [Value::Binary(bytes.to_vec())], "{to}");
    }
    assert_eq!(number(convert(int(256), limited(1))), 8152);
    assert_eq!(number(convert(int(-1), limited(7))), 8152);

    let bytes = |bytes: &[u8]| BinaryArray::from(vec![bytes]);
    let money = Value::Decimal(Decimal::new(-1, 4));
    for (sent, to, value) in [
        (&[255, 255][..], SqlType::SmallInt, Value::Int(-1)),
        (&[255], SqlType::SmallInt, Value::Int(255)),
        (&[255], SqlType::TinyInt, Value::Int(255)),
        (&[0, 0, 0, 0, 255, 255, 255, 254], SqlType::Int, Value::Int(-2)),
        (&[255; 8], SqlType::BigInt, Value::Int(-1)),
        (&[], SqlType::Int, Value::Int(0)),
        (&[255; 8], SqlType::Money, money.clone()),
        (&[255; 4], SqlType::SmallMoney, money),
    ] {
        assert_eq!(convert(bytes(sent), to).unwrap(), value, "{to}");
    }
    assert_eq!(number(convert(bytes(&[1, 0, 0, 0, 0]), SqlType::Int)), 8152);
    assert_eq!(number(convert(bytes(&[1, 0]), SqlType::TinyInt)), 8152);
}

#[test]
fn times_round_to_their_type_and_keep_its_range() {
    let second = 10_000_000;
    let noon_or_so = stamp(43_200_000_000 + 3_000);
    assert_eq!(
        convert(noon_or_so, SqlType::DateTime).unwrap(),
        Value::DateTime(43_200 * second + 33_333)
    );
    assert_eq!(
        convert(stamp(30_000_000), SqlType::SmallDateTime).unwrap(),
        Value::DateTime(60 * second)
    );
    assert_eq!(
        convert(stamp(1_500_000), SqlType::DateTime2(0)).unwrap(),
        Value::DateTime(2 * second)
    );
    assert_eq!(convert(stamp(-1), SqlType::Date).unwrap(), Value::Date(-1));
    let early = stamp(ticks(1752, 12, 31) / 10);
    assert_eq!(number(convert(early, SqlType::DateTime)), 242);
    let late = stamp(ticks(2079, 6, 7) / 10);
    assert_eq!(number(convert(late, SqlType::SmallDateTime)), 242);
    assert_eq!(number(convert(stamp(i64::MAX), SqlType::DateTime2(7))), 242);
    assert_eq!(number(convert(Date32Array::from(vec![i32::MAX]), SqlType::Date)), 242);
    assert_eq!(number(convert(Date32Array::from(vec![0]), SqlType::Time(7))), 11538);
    let time = Time64MicrosecondArray::from(vec![1]);
    assert_eq!(convert(time, SqlType::Time(7)).unwrap(), Value::Time(10));
}

/// What the worker sends of a moment with an offset.
fn moment(utc: i64, offset: i16) -> FixedSizeBinaryArray {
    let bytes = [&utc.to_le_bytes()[..], &offset.to_le_bytes()].concat();
    FixedSizeBinaryArray::try_from_iter([bytes].into_iter()).unwrap()
}

#[test]
fn moments_keep_their_offset_or_their_clock() {
    let to = SqlType::DateTimeOffset(7);
    let value = Value::DateTimeOffset { utc: 10, offset: -90 };
    assert_eq!(convert(moment(10, -90), to).unwrap(), value);
    let clock = 90 * 60 * 10_000_000;
    assert_eq!(convert(moment(0, 90), SqlType::DateTime2(7)).unwrap(), Value::DateTime(clock));
    let written = convert(moment(0, 90), SqlType::NVARCHAR_MAX).unwrap();
    assert_eq!(written, Value::from("1970-01-01 01:30:00.000000 +01:30"));
    for hostile in [moment(0, 841), moment(0, i16::MIN), moment(i64::MAX, 1), moment(i64::MIN, -1)]
    {
        assert_eq!(number(convert(hostile, to)), 242);
    }
}

#[test]
fn uniqueidentifiers_are_text_or_bytes_too() {
    let guid = || {
        let bytes: Vec<u8> = (0..16).collect();
        FixedSizeBinaryArray::try_from_iter([bytes].into_iter()).unwrap()
    };
    let value = Value::Guid(std::array::from_fn(|index| index as u8));
    assert_eq!(convert(guid(), SqlType::UniqueIdentifier).unwrap(), value);
    let text = Value::from("00010203-0405-0607-0809-0A0B0C0D0E0F");
    assert_eq!(convert(guid(), SqlType::NChar(36)).unwrap(), text);
    let raw = vec![3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];
    assert_eq!(convert(guid(), SqlType::Binary(16)).unwrap(), Value::Binary(raw.clone()));
    let bytes = BinaryArray::from(vec![&raw[..]]);
    assert_eq!(convert(bytes, SqlType::UniqueIdentifier).unwrap(), value);
    let long = BinaryArray::from(vec![&[0_u8; 17][..]]);
    assert_eq!(number(convert(long, SqlType::UniqueIdentifier)), 8152);
    assert_eq!(number(convert(guid(), SqlType::Int)), 11538);
}

#[test]
fn what_is_no_number_can_be_refused() {
    let column = [Column::new("c", SqlType::Float)];
    for (value, refused) in [(Some(f64::NAN), true), (Some(f64::INFINITY), true), (None, false)] {
        let array: ArrayRef = Arc::new(Float64Array::from(vec![value]));
        let batch = RecordBatch::try_from_iter_with_nullable([("c", array, true)]).unwrap();
        let converter = Converter::declared(batch.schema_ref(), &column).unwrap();
        let converter = converter.refusing_non_finite(true);
        let outcome = converter.convert(&batch).next().unwrap().map(|_| Value::Null);
        assert_eq!(outcome.is_err(), refused, "{value:?}");
        if refused {
            assert_eq!(number(outcome), 9803);
        }
    }
}

#[test]
fn an_output_parameters_type_clash_has_its_own_errors() {
    for (array, to, expected) in [
        (Arc::new(int(1)) as ArrayRef, SqlType::Date, 206),
        (Arc::new(text("x")), SqlType::VARBINARY_MAX, 257),
        (Arc::new(text("x")), SqlType::Image, 206),
        (Arc::new(stamp(0)), SqlType::Binary(9), 257),
        (Arc::new(int(300)), SqlType::TinyInt, 220),
    ] {
        let error = convert_all(array, Column::new("c", to)).unwrap_err();
        assert_eq!(error.scalar_error().unwrap().number(), expected, "{to}");
    }
}

#[test]
fn a_column_of_nulls_is_of_any_type() {
    for to in [SqlType::Int, SqlType::VARBINARY_MAX, SqlType::Date, SqlType::UniqueIdentifier] {
        assert_eq!(convert(NullArray::new(1), to).unwrap(), Value::Null, "{to}");
    }
}

/// What a worker leaves beneath a NULL is nobody's value.
#[test]
fn beneath_a_null_may_be_anything() {
    fn nulls<T: ArrowPrimitiveType>(wild: T::Native) -> ArrayRef {
        let nulls = NullBuffer::new_null(1);
        Arc::new(PrimitiveArray::<T>::new(vec![wild].into(), Some(nulls)))
    }
    let arrays = [
        nulls::<Int8Type>(i8::MIN),
        nulls::<Int64Type>(i64::MIN),
        nulls::<UInt64Type>(u64::MAX),
        nulls::<Float32Type>(f32::NAN),
        nulls::<Float64Type>(f64::MAX),
        nulls::<Date32Type>(i32::MAX),
        nulls::<Date32Type>(i32::MIN),
        nulls::<Time64MicrosecondType>(i64::MAX),
        nulls::<TimestampMicrosecondType>(i64::MIN),
        nulls::<Decimal128Type>(i128::MAX),
    ];
    let targets = [
        SqlType::Bit,
        SqlType::TinyInt,
        SqlType::Int,
        SqlType::BigInt,
        SqlType::Real,
        SqlType::Float,
        DEC_9_2,
        SqlType::Money,
        SqlType::Date,
        SqlType::Time(0),
        SqlType::DateTime,
        SqlType::SmallDateTime,
        SqlType::DateTime2(0),
        SqlType::DateTimeOffset(3),
        SqlType::Char(3),
        SqlType::NVARCHAR_MAX,
        SqlType::VarBinary(Length::Limited(3)),
    ];
    for array in &arrays {
        for to in targets {
            // Or there is no such conversion.
            if let Ok(values) = convert_all(Arc::clone(array), Column::new("c", to)) {
                assert_eq!(values, [Value::Null], "{} to {to}", array.data_type());
            }
        }
    }
}

#[test]
fn null_is_refused_where_it_is_declared_so() {
    let array: ArrayRef = Arc::new(Int32Array::from(vec![Some(1), None]));
    let column = Column::new("c", SqlType::Int).not_null();
    let error = convert_all(array, column.clone()).unwrap_err().sql_error().unwrap();
    assert_eq!(error.number(), 11553);
    assert!(error.to_string().contains("column #1 in result set #1"), "{error}");
    // NaN becomes NULL before that is checked.
    let nan: ArrayRef = Arc::new(float(f64::NAN));
    let column = Column::new("c", SqlType::Float).not_null();
    assert_eq!(number(convert_all(nan, column).map(|_| Value::Null)), 11553);
}

#[test]
fn the_number_of_columns_is_checked() {
    let batch = RecordBatch::try_from_iter([("c", Arc::new(int(1)) as ArrayRef)]).unwrap();
    let error = Converter::declared(batch.schema_ref(), &[]).unwrap_err();
    assert_eq!(error, ConvertError::ColumnCount { declared: 0, sent: 1 });
    assert_eq!(error.sql_error().unwrap().number(), 11537);
}

#[test]
fn the_declared_type_costs_nothing_when_it_is_the_sent_one() {
    let array: ArrayRef = Arc::new(Int32Array::from(vec![1, 2, 3]));
    let batch = RecordBatch::try_from_iter([("c", Arc::clone(&array))]).unwrap();
    let converter = Converter::inferred(batch.schema_ref());
    let converted: Vec<_> = converter.convert(&batch).collect::<Result<_, _>>().unwrap();
    assert!(converted[0].column(0).to_data().ptr_eq(&array.to_data()));
}

#[test]
fn padding_is_done_in_parts() {
    let rows = 10_000;
    let array: ArrayRef = Arc::new(StringArray::from(vec!["x"; rows]));
    let batch = RecordBatch::try_from_iter([("c", array)]).unwrap();
    let columns = [Column::new("c", SqlType::Char(8000))];
    let converter = Converter::declared(batch.schema_ref(), &columns).unwrap();
    let parts: Vec<usize> =
        converter.convert(&batch).map(|part| part.unwrap().num_rows()).collect();
    assert!(parts.len() > 1 && parts.iter().sum::<usize>() == rows, "{parts:?}");
}

#[test]
fn text_without_a_clause_is_as_long_as_the_longest() {
    let sql_type = |length: Option<&str>| {
        let metadata = length.map(|length| ("launchpod.max_length".to_owned(), length.to_owned()));
        let field = Field::new("c", arrow_schema::DataType::Utf8, true)
            .with_metadata(metadata.into_iter().collect::<HashMap<_, _>>());
        let schema = Arc::new(Schema::new(vec![field]));
        Converter::inferred(&schema).columns()[0].sql_type
    };
    assert_eq!(sql_type(Some("7")), SqlType::NVarChar(Length::Limited(7)));
    assert_eq!(sql_type(Some("0")), SqlType::NVarChar(Length::Limited(1)));
    for other in [Some("4001"), Some("-1"), Some("x"), None] {
        assert_eq!(sql_type(other), SqlType::NVARCHAR_MAX, "{other:?}");
    }
}
