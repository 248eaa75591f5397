//! Every type through a real Python worker: stored, sent, made a DataFrame, sent back, converted
//! to the declared type, and compared.
//!
//! Needs a Python with numpy, pandas and pyarrow, named by `LAUNCHPOD_TEST_PYTHON`.
#![allow(clippy::unwrap_used)] // A step that fails is a failed test.

use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use arrow_array::RecordBatch;
use bytes::BytesMut;
use launchpod_exchange::convert::Converter;
use launchpod_exchange::protocol::data::{Conversation, FromWorker, Request};
use launchpod_exchange::protocol::frame::{self, Frame, Kind};
use launchpod_exchange::scalars;
use launchpod_exchange::stream::{Decoder, Encoder, Limits, slices};
use launchpod_exchange::wire::Wire;
use launchpod_exchange::{TypeMapping, record_batch, value_at};
use launchpod_types::{Column, Decimal, Length, Parameter, SqlType, Value, calendar};

const LOSSLESS: TypeMapping = TypeMapping::Lossless;
const MAIN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../images/worker/main.py");

struct Python {
    process: Child,
    stream: UnixStream,
    received: BytesMut,
    conversation: Conversation,
}

/// What a script gave back.
struct Answer {
    columns: Vec<Column>,
    rows: Vec<Vec<Value>>,
    scalars: Vec<Value>,
}

#[test]
fn every_type_with_and_without_nulls() {
    let mut columns = Vec::new();
    let mut extremes = Vec::new();
    let mut ordinary = Vec::new();
    for (index, (sql_type, values)) in samples().into_iter().enumerate() {
        columns.push(Column::new(format!("c{index}"), sql_type));
        let [first, second] = values;
        extremes.push(first);
        ordinary.push(second);
    }
    let nulls = vec![Value::Null; columns.len()];
    let without_nulls = vec![extremes, ordinary];
    let with_nulls = [without_nulls.clone(), vec![nulls.clone()]].concat();
    for rows in [without_nulls, with_nulls, vec![nulls], vec![]] {
        let answer =
            run("OutputDataSet = InputDataSet", &columns, &rows, &[], Some(&columns), LOSSLESS);
        assert_eq!(answer.rows.len(), rows.len());
        for (answered, row) in answer.rows.iter().zip(&rows) {
            for ((answered, value), column) in answered.iter().zip(row).zip(&columns) {
                assert_eq!(answered, value, "{}", column.sql_type);
            }
        }
    }
}

/// What a script that gives its input back makes of one row, as each mapping shows it.
fn through(mapping: TypeMapping, columns: &[Column], rows: &[Vec<Value>]) -> Vec<Vec<Value>> {
    run("OutputDataSet = InputDataSet", columns, rows, &[], Some(columns), mapping).rows
}

#[test]
fn every_type_as_text() {
    let samples: Vec<_> = samples()
        .into_iter()
        .chain([
            (SqlType::DateTime2(7), [Value::DateTime(1_234_567), Value::DateTime(-1)]),
            (SqlType::Time(7), [Value::Time(863_999_999_999), Value::Time(1)]),
            (
                SqlType::DateTimeOffset(7),
                [
                    Value::DateTimeOffset { utc: -1, offset: -840 },
                    Value::DateTimeOffset { utc: 1, offset: 840 },
                ],
            ),
        ])
        .collect();
    let columns: Vec<Column> =
        samples.iter().map(|(sql_type, _)| Column::new("c", *sql_type)).collect();
    let row = |at: usize| samples.iter().map(|(_, values)| values[at].clone()).collect();
    let rows = vec![row(0), row(1), vec![Value::Null; columns.len()]];
    let answered = through(TypeMapping::Text, &columns, &rows);
    for (answered, row) in answered.iter().zip(&rows) {
        for ((answered, value), column) in answered.iter().zip(row).zip(&columns) {
            assert_eq!(answered, value, "{}", column.sql_type);
        }
    }
    assert_eq!(answered.len(), 3);
}

#[test]
fn the_seventh_digit_is_cut() {
    let columns = [
        Column::new("a", SqlType::DateTime2(7)),
        Column::new("b", SqlType::Time(7)),
        Column::new("c", SqlType::DateTimeOffset(7)),
    ];
    let offset = |utc| Value::DateTimeOffset { utc, offset: 60 };
    let rows = [vec![Value::DateTime(1_234_567), Value::Time(1_234_567), offset(1_234_567)]];
    let answered = through(LOSSLESS, &columns, &rows);
    assert_eq!(answered, [[Value::DateTime(1_234_560), Value::Time(1_234_560), offset(1_234_560)]]);
}

#[test]
fn dtypes_as_sql_servers_runtime_has_them() {
    let columns: Vec<Column> = [
        SqlType::Bit,
        SqlType::TinyInt,
        SqlType::SmallInt,
        SqlType::Int,
        SqlType::BigInt,
        SqlType::Real,
        SqlType::Money,
        SqlType::Decimal { precision: 38, scale: 0 },
        SqlType::Date,
    ]
    .map(|sql_type| Column::new("c", sql_type))
    .to_vec();
    let money = Value::Decimal(Decimal::new(12_345, 4));
    let row = vec![
        Value::Bit(true),
        Value::Int(1),
        Value::Int(2),
        Value::Int(3),
        Value::Int((1 << 53) + 1),
        Value::Real(0.5),
        money,
        Value::Decimal(Decimal::new(7, 0)),
        Value::Date(1),
    ];
    let script = "OutputDataSet = pandas.DataFrame({'t': InputDataSet.dtypes.astype(str)})";
    let documented =
        ["bool", "int32", "int32", "int32", "float64", "float64", "float64", "float64"];
    let with_null = ["object"].into_iter().chain(["float64"; 7]);
    let nulls = vec![Value::Null; columns.len()];
    for (rows, expected) in [
        (vec![row.clone()], documented.to_vec()),
        (vec![row, nulls], with_null.collect::<Vec<_>>()),
    ] {
        let answer = run(script, &columns, &rows, &[], None, TypeMapping::SqlServer);
        let types: Vec<Value> = answer.rows.concat();
        let expected: Vec<Value> =
            expected.into_iter().chain(["datetime64[us]"]).map(Value::from).collect();
        assert_eq!(types, expected);
    }
}

#[test]
fn every_type_as_a_parameter() {
    let parameters: Vec<Parameter> = samples()
        .into_iter()
        .flat_map(|(sql_type, [first, second])| {
            [first, second, Value::Null].map(|value| (sql_type, value))
        })
        .enumerate()
        .map(|(index, (sql_type, value))| Parameter {
            name: format!("p{index}"),
            sql_type,
            value,
            output: true,
        })
        .collect();
    let answer = run("", &[], &[], &parameters, None, LOSSLESS);
    for (answered, parameter) in answer.scalars.iter().zip(&parameters) {
        assert_eq!(*answered, parameter.value, "{}", parameter.sql_type);
    }
    assert_eq!(answer.scalars.len(), parameters.len());
}

#[test]
fn types_without_a_clause() {
    let script = "
import datetime, decimal
OutputDataSet = pandas.DataFrame({
    'bit': [True, False], 'tiny': np.array([1, 2], 'uint8'), 'small': np.array([1, 2], 'int8'),
    'int': np.array([1, 2], 'int32'), 'big': [1, 2], 'real': np.array([1, 2], 'float32'),
    'float': [1.5, None], 'text': ['a', '\\U0001d11e\\u03c0'], 'nothing': [None, None],
    'decimal': [decimal.Decimal('12.5'), None], 'bytes': [b'x', None],
    'date': [datetime.date(2020, 1, 1), None], 'stamp': pandas.to_datetime(['2020-01-01', None]),
    'category': pandas.Categorical(['x', 'yy']), 7: [10**20, 1]})
";
    let answer = run(script, &[], &[], &[], None, LOSSLESS);
    let types: Vec<String> =
        answer.columns.iter().map(|column| column.sql_type.to_string()).collect();
    assert_eq!(
        types,
        [
            "bit",
            "tinyint",
            "smallint",
            "int",
            "bigint",
            "real",
            "float",
            "nvarchar(3)",
            "nvarchar(1)",
            "decimal(3,1)",
            "varbinary(max)",
            "date",
            "datetime2(6)",
            "nvarchar(2)",
            "decimal(38,0)",
        ]
    );
    assert_eq!(answer.rows[0][9], Value::Decimal(Decimal::new(125, 1)));
    assert_eq!(answer.rows[1][7], Value::from("𝄞π"));
    assert_eq!(answer.rows[1][12], Value::Null);
}

/// An extreme and an ordinary value of each type.
fn samples() -> Vec<(SqlType, [Value; 2])> {
    let decimal = |unscaled, scale| Value::Decimal(Decimal::new(unscaled, scale));
    let day = calendar::days_from_civil;
    let midnight = |year, month, date| {
        Value::DateTime(i64::from(day(year, month, date)) * calendar::TICKS_PER_DAY)
    };
    let limited = Length::Limited;
    vec![
        (SqlType::Bit, [Value::Bit(false), Value::Bit(true)]),
        (SqlType::TinyInt, [Value::Int(255), Value::Int(0)]),
        (SqlType::SmallInt, [Value::Int(-32_768), Value::Int(1)]),
        (SqlType::Int, [Value::Int(i32::MIN.into()), Value::Int(1)]),
        (SqlType::BigInt, [Value::Int(i64::MIN), Value::Int((1 << 53) + 1)]),
        (SqlType::Real, [Value::Real(f32::MAX), Value::Real(0.1)]),
        (SqlType::Float, [Value::Float(f64::MAX), Value::Float(-0.1)]),
        (
            SqlType::Decimal { precision: 15, scale: 2 },
            [decimal(999_999_999_999_999, 2), decimal(-1, 2)],
        ),
        (
            SqlType::Decimal { precision: 38, scale: 10 },
            [decimal(10_i128.pow(38) - 1, 10), decimal(-1, 10)],
        ),
        (SqlType::Money, [decimal(i64::MIN.into(), 4), decimal(12_345, 4)]),
        (SqlType::SmallMoney, [decimal(i32::MIN.into(), 4), decimal(12_345, 4)]),
        (SqlType::Char(4), [Value::from("abcd"), Value::from("a   ")]),
        (SqlType::VarChar(limited(5)), [Value::from(""), Value::from("a b")]),
        (SqlType::NChar(3), [Value::from("äπ€"), Value::from("x  ")]),
        (SqlType::NVarChar(limited(6)), [Value::from("𝄞𝄞𝄞"), Value::from("O'Neil")]),
        (SqlType::NVARCHAR_MAX, [Value::from("line\r\nline\0".repeat(5000)), Value::from("x")]),
        (SqlType::Binary(2), [Value::Binary(vec![0, 255]), Value::Binary(vec![1, 0])]),
        (SqlType::VARBINARY_MAX, [Value::Binary(vec![]), Value::Binary(vec![7; 100_000])]),
        (SqlType::Date, [Value::Date(day(1, 1, 1)), Value::Date(day(9999, 12, 31))]),
        (SqlType::DateTime, [midnight(1753, 1, 1), Value::DateTime(33_333)]),
        (SqlType::SmallDateTime, [midnight(2079, 6, 6), midnight(1970, 1, 1)]),
        (
            SqlType::DateTime2(6),
            [midnight(1, 1, 1), Value::DateTime(253_402_300_799 * 10_000_000 + 9_999_990)],
        ),
        (SqlType::Time(6), [Value::Time(0), Value::Time(863_999_999_990)]),
        (
            SqlType::DateTimeOffset(6),
            [
                Value::DateTimeOffset { utc: 10, offset: -840 },
                Value::DateTimeOffset { utc: -12_345_670, offset: 840 },
            ],
        ),
        (SqlType::Text, [Value::from(""), Value::from("text")]),
        (SqlType::NText, [Value::from("𝄞"), Value::from("ntext")]),
        (SqlType::Image, [Value::Binary(vec![]), Value::Binary(vec![0; 9000])]),
        (SqlType::Xml, [Value::from("<a>π</a>"), Value::from("<a/>")]),
        (SqlType::Json, [Value::from("{\"a\":\"π\"}"), Value::from("[]")]),
        (SqlType::UniqueIdentifier, [Value::Guid([255; 16]), Value::Guid(*b"0123456789abcdef")]),
    ]
}

// === helpers ===

fn run(
    script: &str,
    columns: &[Column],
    rows: &[Vec<Value>],
    parameters: &[Parameter],
    declared: Option<&[Column]>,
    mapping: TypeMapping,
) -> Answer {
    let mut python = Python::start();
    assert!(matches!(python.next(), FromWorker::Ready(_)));
    let request = Request {
        id: "00000000-0000-0000-0000-000000000000".to_owned(),
        input_name: "InputDataSet".to_owned(),
        output_name: "OutputDataSet".to_owned(),
        has_input: !columns.is_empty(),
        type_mapping: mapping,
        parts: false,
        shared_memory: false,
        result_types: declared
            .map(|columns| columns.iter().map(|column| column.sql_type.to_string()).collect()),
    };
    let mut bytes = Vec::new();
    request.encode(script, &scalars::encode(parameters, mapping).unwrap(), &mut bytes).unwrap();
    python.stream.write_all(&bytes).unwrap();
    let wants_results = parameters.iter().any(|parameter| parameter.output);
    python.conversation.run(&request, wants_results);

    let wire = Wire::new(columns, mapping).unwrap();
    let mut encoder = (!columns.is_empty()).then(|| Encoder::new(wire.schema()).unwrap());
    let mut pending: Vec<RecordBatch> = rows
        .iter()
        .rev()
        .map(|row| record_batch(columns, std::slice::from_ref(row)).unwrap())
        .collect();
    let mut decoder = Decoder::new(Limits::default());
    let mut batches = Vec::new();
    let mut results = Vec::new();
    loop {
        match python.next() {
            FromWorker::Pull => {
                let mut bytes = Vec::new();
                let last = pending.is_empty();
                let data = match pending.pop() {
                    Some(batch) => {
                        encoder.as_mut().unwrap().batch(&wire.batch(&batch).unwrap()).unwrap()
                    }
                    None => encoder.take().unwrap().finish().unwrap(),
                };
                frame::encode_pieces(Kind::Input, &slices(&data), &mut bytes).unwrap();
                let answered = if last { Kind::InputEnd } else { Kind::Pulled };
                frame::encode(answered, &[], &mut bytes).unwrap();
                python.conversation.pulled(last);
                python.stream.write_all(&bytes).unwrap();
            }
            FromWorker::Output(bytes) => batches.extend(decoder.push(&bytes).unwrap()),
            FromWorker::OutputEnd => decoder.finish().unwrap(),
            FromWorker::Results(bytes) => results.extend_from_slice(&bytes),
            FromWorker::Done => break,
            other => panic!("{other:?}"),
        }
    }
    assert!(python.process.wait().unwrap().success());
    let scalars = if wants_results {
        scalars::decode(&results, parameters, Limits::default(), false).unwrap()
    } else {
        Vec::new()
    };
    let Some(schema) = decoder.schema() else {
        return Answer { columns: Vec::new(), rows: Vec::new(), scalars };
    };
    let converter = match declared {
        Some(columns) => Converter::declared(schema, columns).unwrap(),
        None => Converter::inferred(schema),
    };
    let mut rows = Vec::new();
    for batch in batches.iter().flat_map(|batch| converter.convert(batch)) {
        let batch = batch.unwrap();
        for row in 0..batch.num_rows() {
            let cells = batch.columns().iter().zip(converter.columns().iter());
            rows.push(cells.map(|(array, c)| value_at(array, row, c.sql_type)).collect());
        }
    }
    Answer { columns: converter.columns().to_vec(), rows, scalars }
}

impl Python {
    fn start() -> Self {
        let interpreter = std::env::var("LAUNCHPOD_TEST_PYTHON")
            .expect("LAUNCHPOD_TEST_PYTHON names a Python with numpy, pandas and pyarrow");
        let (stream, theirs) = UnixStream::pair().unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        // A shell moves the connection from descriptor 0 to 3.
        let process = Command::new("/bin/sh")
            .args(["-c", "exec \"$0\" \"$1\" 3<&0 0</dev/null", &interpreter, MAIN])
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .spawn()
            .unwrap();
        Python { process, stream, received: BytesMut::new(), conversation: Conversation::default() }
    }

    fn next(&mut self) -> FromWorker {
        loop {
            if let Some(frame) = Frame::decode(&mut self.received).unwrap() {
                return self.conversation.receive(frame).unwrap();
            }
            let mut bytes = vec![0; 1 << 16];
            let count = self.stream.read(&mut bytes).unwrap();
            assert!(count > 0, "the worker has closed the connection");
            self.received.extend_from_slice(&bytes[..count]);
        }
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
