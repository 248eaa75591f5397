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
use launchpod_exchange::stream::{Decoder, Encoder, Limits};
use launchpod_exchange::wire::Wire;
use launchpod_exchange::{record_batch, value_at};
use launchpod_types::{Column, Decimal, Length, Parameter, SqlType, Value, calendar};

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
        let answer = run("OutputDataSet = InputDataSet", &columns, &rows, &[], Some(&columns));
        assert_eq!(answer.rows.len(), rows.len());
        for (answered, row) in answer.rows.iter().zip(&rows) {
            for ((answered, value), column) in answered.iter().zip(row).zip(&columns) {
                assert_eq!(answered, value, "{}", column.sql_type);
            }
        }
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
    let answer = run("", &[], &[], &parameters, None);
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
    let answer = run(script, &[], &[], &[], None);
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
) -> Answer {
    let mut python = Python::start();
    assert!(matches!(python.next(), FromWorker::Ready(_)));
    let request = Request {
        id: "00000000-0000-0000-0000-000000000000".to_owned(),
        input_name: "InputDataSet".to_owned(),
        output_name: "OutputDataSet".to_owned(),
        has_input: !columns.is_empty(),
        result_types: declared
            .map(|columns| columns.iter().map(|column| column.sql_type.to_string()).collect()),
    };
    let mut bytes = Vec::new();
    request.encode(script, &scalars::encode(parameters).unwrap(), &mut bytes).unwrap();
    python.stream.write_all(&bytes).unwrap();
    let wants_results = parameters.iter().any(|parameter| parameter.output);
    python.conversation.run(request.has_input, wants_results);

    let wire = Wire::new(columns).unwrap();
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
                frame::encode_chunks(Kind::Input, &data, &mut bytes).unwrap();
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
        scalars::decode(&results, parameters, Limits::default()).unwrap()
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
