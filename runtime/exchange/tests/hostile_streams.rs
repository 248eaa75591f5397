//! Streams that no worker of ours sends: each ends in an error or in valid arrays, never in a
//! panic.
#![allow(clippy::unwrap_used)] // A step that fails is a failed test.

use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{
    ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, DictionaryArray,
    Float32Array, Float64Array, Int8Array, Int16Array, Int32Array, Int64Array, ListArray,
    NullArray, RecordBatch, RecordBatchOptions, StringArray, Time64MicrosecondArray,
    TimestampMicrosecondArray, UInt8Array, UInt16Array, UInt32Array, UInt64Array,
};
use arrow_ipc::writer::StreamWriter;
use arrow_schema::Schema;
use bytes::Bytes;
use launchpod_exchange::convert::Converter;
use launchpod_exchange::stream::{Corrupt, Decoder, Limits};

/// Tight, so that a flipped bit of a length is refused rather than waited for.
const LIMITS: Limits = Limits { metadata: 1 << 16, body: 1 << 16, columns: 32, cells: 1 << 10 };

#[test]
fn every_flipped_bit_is_survived() {
    for (name, array) in arrays() {
        let stream = stream_of(&[(name, array)]);
        let (mut decoded, mut refused) = (0, 0);
        for bit in 0..stream.len() * 8 {
            let mut mutated = stream.clone();
            mutated[bit / 8] ^= 1 << (bit % 8);
            match read(&mutated) {
                Ok(()) => decoded += 1,
                Err(Corrupt::Panic) => panic!("{name}: bit {bit} makes the decoder panic"),
                Err(_) => refused += 1,
            }
        }
        assert!(decoded > 0 && refused > 0, "{name}: {decoded} decoded, {refused} refused");
    }
}

#[test]
fn every_flipped_bit_among_many_columns_is_survived() {
    let columns = arrays();
    let stream = stream_of(&columns);
    // Every bit takes minutes here; every seventh hits each field of the metadata all the same.
    for bit in (0..stream.len() * 8).step_by(7) {
        let mut mutated = stream.clone();
        mutated[bit / 8] ^= 1 << (bit % 8);
        assert!(!matches!(read(&mutated), Err(Corrupt::Panic)), "bit {bit}");
    }
}

#[test]
fn random_bytes_in_random_places_are_survived() {
    let columns = arrays();
    let streams: Vec<Vec<u8>> = columns
        .iter()
        .map(|column| stream_of(std::slice::from_ref(column)))
        .chain([stream_of(&columns)])
        .collect();
    // xorshift64: the same bytes in every run.
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        // The remainder is below a usize.
        (state % below as u64) as usize
    };
    for round in 0..40_000 {
        let mut mutated = streams[random(streams.len())].clone();
        for _ in 0..=random(4) {
            let place = random(mutated.len());
            mutated[place] = match random(3) {
                0 => 0,
                1 => 0xff,
                // A byte.
                _ => random(256) as u8,
            };
        }
        assert!(!matches!(read(&mutated), Err(Corrupt::Panic)), "round {round}: {mutated:?}");
    }
}

#[test]
fn claims_take_no_memory() {
    let rows: Vec<i64> = (0..1 << 20).collect();
    let stream = stream_of(&[("rows", Arc::new(Int64Array::from(rows)))]);
    let before = resident_kib();
    // Each worker claims 8 MiB and sends a KiB of it.
    let decoders: Vec<Decoder> = (0..100)
        .map(|_| {
            let mut decoder = Decoder::new(Limits::default());
            assert!(decoder.push(&stream[..1024]).unwrap().is_empty());
            decoder
        })
        .collect();
    let grown = resident_kib().saturating_sub(before);
    assert!(grown < 64 << 10, "{grown} KiB for {} decoders", decoders.len());
}

#[test]
fn every_truncation_is_refused() {
    let stream = stream_of(&arrays());
    read(&stream).unwrap();
    for length in 0..stream.len() {
        assert!(read(&stream[..length]).is_err(), "{length} of {} bytes", stream.len());
    }
}

#[test]
fn a_stream_in_single_bytes_is_the_same_stream() {
    let stream = stream_of(&arrays());
    let mut decoder = Decoder::new(LIMITS);
    let whole = decoder.push(&stream).unwrap();
    let mut decoder = Decoder::new(LIMITS);
    let mut pieces = Vec::new();
    for byte in &stream {
        pieces.extend(decoder.push(std::slice::from_ref(byte)).unwrap());
    }
    decoder.finish().unwrap();
    assert_eq!(whole, pieces);
}

#[test]
fn nothing_may_follow_the_end() {
    let mut stream = stream_of(&arrays());
    stream.push(0);
    assert!(matches!(read(&stream), Err(Corrupt::End(_))));
}

#[test]
fn claims_beyond_the_limits_are_refused() {
    // A body and metadata of 2 GiB are claimed, nothing of them is sent.
    let metadata = b"\xff\xff\xff\xff\xff\xff\xff\x7f";
    assert!(matches!(read(metadata), Err(Corrupt::Limit { what: "bytes of metadata", .. })));

    let many: Vec<i64> = (0..10_000).collect();
    let stream = stream_of(&[("many", Arc::new(Int64Array::from(many)))]);
    assert!(matches!(read(&stream), Err(Corrupt::Limit { what: "bytes of data", .. })));

    let nulls = stream_of(&[("nulls", Arc::new(NullArray::new(1 << 40)))]);
    assert!(matches!(read(&nulls), Err(Corrupt::Limit { what: "cells", .. })));

    let column: ArrayRef = Arc::new(Int32Array::from(vec![1]));
    let columns: Vec<_> = (0..33).map(|_| ("c", Arc::clone(&column))).collect();
    assert!(matches!(read(&stream_of(&columns)), Err(Corrupt::Limit { what: "columns", .. })));
}

#[test]
fn rows_without_columns_are_refused() {
    let schema = Arc::new(Schema::empty());
    let rows = RecordBatchOptions::new().with_row_count(Some(1 << 40));
    let batch = RecordBatch::try_new_with_options(Arc::clone(&schema), vec![], &rows).unwrap();
    let mut writer = StreamWriter::try_new(Vec::new(), &schema).unwrap();
    writer.write(&batch).unwrap();
    assert!(matches!(read(&writer.into_inner().unwrap()), Err(Corrupt::Unsupported(_))));
}

#[test]
fn batches_without_rows_are_refused() {
    let stream = stream_of(&[("none", Arc::new(Int32Array::from(Vec::<i32>::new())))]);
    let error = read(&stream).unwrap_err();
    assert!(matches!(error, Corrupt::Unsupported("a batch without rows")), "{error}");
}

#[test]
fn dictionaries_and_nested_types_are_refused() {
    let dictionary: DictionaryArray<Int32Type> = ["a", "b"].into_iter().collect();
    let stream = stream_of(&[("dictionary", Arc::new(dictionary))]);
    assert!(matches!(read(&stream), Err(Corrupt::Type { index: 0, .. })));

    let list = ListArray::from_iter_primitive::<Int32Type, _, _>([Some([Some(1)])]);
    let stream = stream_of(&[("list", Arc::new(list))]);
    assert!(matches!(read(&stream), Err(Corrupt::Type { index: 0, .. })));
}

#[test]
fn a_segment_goes_on_where_the_stream_is() {
    let stream = stream_of(&arrays());
    let mut decoder = Decoder::new(LIMITS);
    let whole = decoder.push(&stream).unwrap();
    // The schema is the first message: its mark, its length, and what that says.
    let length = 8 + u32::from_le_bytes(stream[4..8].try_into().unwrap()) as usize;
    let mut decoder = Decoder::new(LIMITS);
    assert!(decoder.push(&stream[..length]).unwrap().is_empty());
    let rest = Bytes::copy_from_slice(&stream[length..]);
    assert_eq!(decoder.push_segment(rest).unwrap(), whole);
    decoder.finish().unwrap();
    assert!(matches!(decoder.push_segment(Bytes::new()), Err(Corrupt::End(_))));

    let mut decoder = Decoder::new(LIMITS);
    decoder.push(&stream[..length + 1]).unwrap();
    let rest = Bytes::copy_from_slice(&stream[length + 1..]);
    assert!(matches!(decoder.push_segment(rest), Err(Corrupt::End(_))), "within a message");
}

#[test]
fn a_segments_batches_are_views_of_it() {
    let numbers: Vec<i64> = (0..1000).collect();
    let stream = Bytes::from(stream_of(&[("n", Arc::new(Int64Array::from(numbers)))]));
    let batches = Decoder::new(LIMITS).push_segment(stream.clone()).unwrap();
    let values = batches[0].column(0).to_data().buffers()[0].as_ptr();
    assert!(stream.as_ptr_range().contains(&values));
}

/// As the controller reads a stream: decoded, and converted without a clause; through a socket
/// and in shared memory alike.
fn read(stream: &[u8]) -> Result<(), Corrupt> {
    let shared = read_by(|decoder| decoder.push_segment(Bytes::copy_from_slice(stream)));
    let result = read_by(|decoder| decoder.push(stream));
    assert_eq!(result.is_ok(), shared.is_ok(), "{result:?}, {shared:?}");
    assert!(!matches!(shared, Err(Corrupt::Panic)), "{stream:?}");
    result
}

fn read_by(
    push: impl FnOnce(&mut Decoder) -> Result<Vec<RecordBatch>, Corrupt>,
) -> Result<(), Corrupt> {
    let mut decoder = Decoder::new(LIMITS);
    let batches = push(&mut decoder)?;
    if let Some(schema) = decoder.schema() {
        let converter = Converter::inferred(schema);
        for batch in &batches {
            // Values outside of SQL's ranges are the script's error.
            converter.convert(batch).for_each(drop);
        }
    }
    decoder.finish()
}

fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

fn stream_of(columns: &[(&str, ArrayRef)]) -> Vec<u8> {
    let batch = RecordBatch::try_from_iter_with_nullable(
        columns.iter().map(|(name, array)| (*name, Arc::clone(array), true)),
    )
    .unwrap();
    let mut writer = StreamWriter::try_new(Vec::new(), batch.schema_ref()).unwrap();
    writer.write(&batch).unwrap();
    writer.finish().unwrap();
    writer.into_inner().unwrap()
}

/// One array of each type that a worker may send, with a NULL in each.
fn arrays() -> Vec<(&'static str, ArrayRef)> {
    let decimals = Decimal128Array::from(vec![Some(-123), None, Some(0)]);
    let zoned = TimestampMicrosecondArray::from(vec![Some(-1), None, Some(1)]);
    vec![
        ("null", Arc::new(NullArray::new(3))),
        ("bool", Arc::new(BooleanArray::from(vec![Some(true), None, Some(false)]))),
        ("int8", Arc::new(Int8Array::from(vec![Some(-1), None, Some(1)]))),
        ("int16", Arc::new(Int16Array::from(vec![Some(-1), None, Some(1)]))),
        ("int32", Arc::new(Int32Array::from(vec![Some(-1), None, Some(1)]))),
        ("int64", Arc::new(Int64Array::from(vec![Some(-1), None, Some(1)]))),
        ("uint8", Arc::new(UInt8Array::from(vec![Some(0), None, Some(1)]))),
        ("uint16", Arc::new(UInt16Array::from(vec![Some(0), None, Some(1)]))),
        ("uint32", Arc::new(UInt32Array::from(vec![Some(0), None, Some(1)]))),
        ("uint64", Arc::new(UInt64Array::from(vec![Some(u64::MAX), None, Some(1)]))),
        ("float32", Arc::new(Float32Array::from(vec![Some(f32::NAN), None, Some(1.5)]))),
        ("float64", Arc::new(Float64Array::from(vec![Some(f64::NAN), None, Some(1.5)]))),
        ("decimal", Arc::new(decimals.with_precision_and_scale(9, 2).unwrap())),
        ("utf8", Arc::new(StringArray::from(vec![Some("äπ𝄞"), None, Some("")]))),
        ("binary", Arc::new(BinaryArray::from(vec![Some(&b"\0\xff"[..]), None, Some(b"")]))),
        ("date32", Arc::new(Date32Array::from(vec![Some(-719_162), None, Some(2_932_896)]))),
        ("time64", Arc::new(Time64MicrosecondArray::from(vec![Some(0), None, Some(1)]))),
        ("timestamp", Arc::new(zoned.clone())),
        ("instant", Arc::new(zoned.with_timezone("UTC"))),
    ]
}
