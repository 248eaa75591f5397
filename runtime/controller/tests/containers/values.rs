//! Random tables through a real worker: what its script gives back is what it was given.

use std::sync::Arc;

use arrow_array::RecordBatch;
use launchpod_controller::{Config, Expected, Input, Parts, ScriptRequest, TypeMapping};
use launchpod_exchange::{record_batch, value_at};
use launchpod_types::calendar::{
    DAYS_FROM_1900, DAYS_FROM_YEAR_ONE, TICKS_PER_DAY, TICKS_PER_SECOND, days_from_civil,
};
use launchpod_types::{Column, Decimal, Length, SqlType, Value};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use tokio::sync::mpsc;

use crate::support::{Bench, script};

/// A worker's container takes a second: few tables, and wide ones.
const TABLES: usize = 3;

/// Columns, and batches of rows.
#[derive(Clone, Debug)]
struct Table {
    columns: Vec<Column>,
    batches: Vec<Vec<Vec<Value>>>,
}

#[tokio::test]
async fn random_tables_come_back_lossless() {
    // Under this mapping the seventh digit is cut, which TYPES.md says.
    random_tables_come_back(TypeMapping::Lossless, 6).await;
}

#[tokio::test]
async fn random_tables_come_back_as_text() {
    random_tables_come_back(TypeMapping::Text, 7).await;
}

async fn random_tables_come_back(type_mapping: TypeMapping, digits: u8) {
    let bench = Bench::new(Config { type_mapping, ..Config::default() }).await;
    let mut runner = TestRunner::default();
    for _ in 0..TABLES {
        let table = tables(digits).new_tree(&mut runner).unwrap().current();
        let columns: Arc<[Column]> = table.columns.clone().into();
        let (sender, batches) = mpsc::channel(table.batches.len().max(1));
        for rows in &table.batches {
            sender.try_send(Ok(record_batch(&columns, rows).unwrap())).unwrap();
        }
        drop(sender);
        let columns_of_input = Arc::clone(&columns);
        let outcome = bench
            .run(ScriptRequest {
                input: Some(Input { columns: columns_of_input, batches, parts: Parts::default() }),
                expected: Expected::Sets(vec![Arc::clone(&columns)]),
                ..script("OutputDataSet = InputDataSet")
            })
            .await;
        outcome.expect_success();
        let sent = table.batches.concat();
        let back: Vec<Vec<Value>> =
            outcome.batches.iter().flat_map(|batch| rows_of(batch, &columns)).collect();
        assert_eq!(back.len(), sent.len());
        for (number, column) in columns.iter().enumerate() {
            for (back, sent) in back.iter().zip(&sent) {
                assert_eq!(back[number], sent[number], "{} of {table:?}", column.sql_type);
            }
        }
    }
    bench.end().await;
}

fn rows_of(batch: &RecordBatch, columns: &[Column]) -> Vec<Vec<Value>> {
    let value =
        |row: usize, column: usize| value_at(batch.column(column), row, columns[column].sql_type);
    (0..batch.num_rows())
        .map(|row| (0..columns.len()).map(|column| value(row, column)).collect())
        .collect()
}

// === strategies ===

/// A table of up to 60 columns, half of them with NULLs, and up to four batches of rows.
fn tables(digits: u8) -> impl Strategy<Value = Table> {
    let types = vec((types(digits), any::<bool>()), 1..60);
    (types, vec(0..40_usize, 0..4)).prop_flat_map(|(types, sizes)| {
        let columns: Vec<Column> = types
            .iter()
            .enumerate()
            .map(|(index, (sql_type, _))| Column::new(format!("c{index}"), *sql_type))
            .collect();
        let row: Vec<BoxedStrategy<Value>> = types
            .into_iter()
            .map(|(sql_type, has_nulls)| {
                let values = values(sql_type);
                if has_nulls { prop_oneof![Just(Value::Null), values].boxed() } else { values }
            })
            .collect();
        let batches: Vec<_> = sizes.into_iter().map(|size| vec(row.clone(), size)).collect();
        batches.prop_map(move |batches| Table { columns: columns.clone(), batches })
    })
}

/// Any type, with moments of up to so many digits.
fn types(digits: u8) -> impl Strategy<Value = SqlType> {
    let decimal = (1..=38_u8)
        .prop_flat_map(|precision| (Just(precision), 0..=precision))
        .prop_map(|(precision, scale)| SqlType::Decimal { precision, scale });
    let length = prop_oneof![(1..40_u16).prop_map(Length::Limited), Just(Length::Max)];
    let plain = proptest::sample::select(vec![
        SqlType::Bit,
        SqlType::TinyInt,
        SqlType::SmallInt,
        SqlType::Int,
        SqlType::BigInt,
        SqlType::Real,
        SqlType::Float,
        SqlType::SmallMoney,
        SqlType::Money,
        SqlType::Text,
        SqlType::NText,
        SqlType::Image,
        SqlType::Json,
        SqlType::Date,
        SqlType::SmallDateTime,
        SqlType::DateTime,
        SqlType::UniqueIdentifier,
    ]);
    prop_oneof![
        8 => plain,
        3 => decimal,
        1 => (1..40_u16).prop_map(SqlType::Char),
        1 => (1..40_u16).prop_map(SqlType::NChar),
        1 => (1..40_u16).prop_map(SqlType::Binary),
        1 => length.clone().prop_map(SqlType::VarChar),
        1 => length.clone().prop_map(SqlType::NVarChar),
        1 => length.prop_map(SqlType::VarBinary),
        1 => (0..=digits).prop_map(SqlType::Time),
        1 => (0..=digits).prop_map(SqlType::DateTime2),
        1 => (0..=digits).prop_map(SqlType::DateTimeOffset),
    ]
}

/// Any value of a type but NULL, extremes among them.
fn values(sql_type: SqlType) -> BoxedStrategy<Value> {
    let first = -i64::from(DAYS_FROM_YEAR_ONE);
    let last = i64::from(days_from_civil(9999, 12, 31));
    match sql_type {
        SqlType::Bit => any::<bool>().prop_map(Value::Bit).boxed(),
        SqlType::TinyInt => integers(0, 255),
        SqlType::SmallInt => integers(i16::MIN.into(), i16::MAX.into()),
        SqlType::Int => integers(i32::MIN.into(), i32::MAX.into()),
        SqlType::BigInt => integers(i64::MIN, i64::MAX),
        SqlType::Real => {
            use proptest::num::f32::{NEGATIVE, NORMAL, POSITIVE, SUBNORMAL, ZERO};
            (POSITIVE | NEGATIVE | NORMAL | SUBNORMAL | ZERO).prop_map(Value::Real).boxed()
        }
        SqlType::Float => {
            use proptest::num::f64::{NEGATIVE, NORMAL, POSITIVE, SUBNORMAL, ZERO};
            (POSITIVE | NEGATIVE | NORMAL | SUBNORMAL | ZERO).prop_map(Value::Float).boxed()
        }
        SqlType::Decimal { precision, scale } => decimals(10_i128.pow(precision.into()) - 1, scale),
        SqlType::Money => decimals(i64::MAX.into(), 4),
        SqlType::SmallMoney => decimals(i32::MAX.into(), 4),
        SqlType::Char(n) | SqlType::NChar(n) => {
            text(n.into()).prop_map(move |text| Value::Text(padded(text, n.into()))).boxed()
        }
        SqlType::VarChar(Length::Limited(n)) | SqlType::NVarChar(Length::Limited(n)) => {
            text(n.into()).prop_map(Value::Text).boxed()
        }
        SqlType::Binary(n) => vec(any::<u8>(), usize::from(n)).prop_map(Value::Binary).boxed(),
        SqlType::VarBinary(Length::Limited(n)) => {
            vec(any::<u8>(), 0..=usize::from(n)).prop_map(Value::Binary).boxed()
        }
        SqlType::VarBinary(Length::Max) | SqlType::Image => {
            vec(any::<u8>(), 0..300).prop_map(Value::Binary).boxed()
        }
        SqlType::VarChar(Length::Max)
        | SqlType::NVarChar(Length::Max)
        | SqlType::Text
        | SqlType::NText
        | SqlType::Xml => text(300).prop_map(Value::Text).boxed(),
        SqlType::Json => any::<i64>().prop_map(|n| Value::Text(format!("[{n}]"))).boxed(),
        SqlType::Variant => unreachable!("no script takes it"),
        SqlType::Date => ends(first, last).prop_map(|days| Value::Date(days as i32)).boxed(),
        SqlType::Time(scale) => time(scale).prop_map(Value::Time).boxed(),
        SqlType::SmallDateTime => {
            let first = -i64::from(DAYS_FROM_1900) * 1440;
            let last = i64::from(days_from_civil(2079, 6, 6)) * 1440;
            ends(first, last).prop_map(|m| Value::DateTime(m * 60 * TICKS_PER_SECOND)).boxed()
        }
        SqlType::DateTime => {
            // In 1/300 s, each as the nearest 100 ns.
            let thirds = ends(0, 86_400 * 300 - 1).prop_map(|thirds| (thirds * 200_000 + 3) / 6);
            (ends(days_from_civil(1753, 1, 1).into(), last), thirds)
                .prop_map(|(day, time)| Value::DateTime(day * TICKS_PER_DAY + time))
                .boxed()
        }
        SqlType::DateTime2(scale) => (ends(first, last), time(scale))
            .prop_map(|(day, time)| Value::DateTime(day * TICKS_PER_DAY + time))
            .boxed(),
        // A day less at both ends: the local time is within the years 1 to 9999, too.
        SqlType::DateTimeOffset(scale) => (ends(first + 1, last - 1), time(scale), -840..=840_i16)
            .prop_map(|(day, time, offset)| Value::DateTimeOffset {
                utc: day * TICKS_PER_DAY + time,
                offset,
            })
            .boxed(),
        SqlType::UniqueIdentifier => any::<[u8; 16]>().prop_map(Value::Guid).boxed(),
    }
}

/// A number between two, which are themselves likely.
fn ends(first: i64, last: i64) -> BoxedStrategy<i64> {
    prop_oneof![1 => Just(first), 1 => Just(last), 8 => first..=last].boxed()
}

fn integers(first: i64, last: i64) -> BoxedStrategy<Value> {
    ends(first, last).prop_map(Value::Int).boxed()
}

fn decimals(most: i128, scale: u8) -> BoxedStrategy<Value> {
    prop_oneof![1 => Just(most), 1 => Just(-most), 8 => -most..=most]
        .prop_map(move |unscaled| Value::Decimal(Decimal::new(unscaled, scale)))
        .boxed()
}

/// A time of day in 100 ns, of so many digits.
fn time(scale: u8) -> BoxedStrategy<i64> {
    let unit = 10_i64.pow(7 - u32::from(scale));
    ends(0, TICKS_PER_DAY / unit - 1).prop_map(move |units| units * unit).boxed()
}

/// Any text of at most so many UTF-16 code units.
fn text(most: usize) -> impl Strategy<Value = String> {
    vec(any::<char>(), 0..=most).prop_map(move |characters| {
        let mut text = String::new();
        let mut units = 0;
        for character in characters {
            units += character.len_utf16();
            if units > most {
                break;
            }
            text.push(character);
        }
        text
    })
}

fn padded(mut text: String, units: usize) -> String {
    let missing = units - text.encode_utf16().count();
    text.extend(std::iter::repeat_n(' ', missing));
    text
}
