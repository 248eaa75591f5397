use super::*;
use crate::types::{Collation, FixedType, Length};

const LIMIT: usize = 1 << 20;

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// COLMETADATA of columns that are given as the bytes of TYPE_INFO (and TableName).
fn metadata(types: &[&[u8]]) -> Vec<u8> {
    let mut bytes = vec![COLMETADATA];
    bytes.extend_from_slice(&(types.len() as u16).to_le_bytes());
    for type_info in types {
        bytes.extend_from_slice(&[0, 0, 0, 0, 9, 0]);
        bytes.extend_from_slice(type_info);
        bytes.extend_from_slice(&[1, b'c', 0]);
    }
    bytes
}

const INT: &[u8] = &[0x26, 4];
const NVARCHAR_MAX: &[u8] = &[0xe7, 0xff, 0xff, 9, 4, 0xd0, 0, 0x34];
const DONE: &[u8] = &[0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

/// All tokens, the same whatever pieces the bytes come in.
fn read(bytes: &[u8]) -> Result<Vec<BulkToken>, BulkError> {
    let mut results =
        [1, 2, 5, 64, bytes.len().max(1)].map(|size| -> Result<Vec<BulkToken>, BulkError> {
            let mut rows = BulkRows::new(LIMIT);
            let mut tokens = Vec::new();
            for piece in bytes.chunks(size) {
                rows.push(piece);
                while let Some(token) = rows.next_token()? {
                    tokens.push(token);
                }
            }
            rows.end();
            while let Some(token) = rows.next_token()? {
                tokens.push(token);
            }
            Ok(tokens)
        });
    assert!(results.windows(2).all(|pair| pair[0] == pair[1]), "{results:?}");
    std::mem::replace(&mut results[0], Err(BulkError::Incomplete))
}

fn rows(bytes: &[u8]) -> Vec<Vec<Value>> {
    let mut tokens = read(bytes).unwrap();
    assert_eq!(tokens.pop(), Some(BulkToken::Done));
    let rows = tokens.into_iter().filter_map(|token| match token {
        BulkToken::Row(row) => Some(row),
        _ => None,
    });
    rows.collect()
}

#[test]
fn rows_come_as_their_bytes_do() {
    let bytes = [
        &metadata(&[INT, NVARCHAR_MAX])[..],
        &[ROW, 4, 7, 0, 0, 0],
        // A (max) value of unknown length, in two chunks.
        &[0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, b'a', 0],
        &[2, 0, 0, 0, b'b', 0, 0, 0, 0, 0],
        &[ROW, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        &[NBCROW, 0b10, 4, 8, 0, 0, 0],
        DONE,
    ]
    .concat();
    let expected = [
        vec![Value::Int(7), Value::Text("ab".to_owned())],
        vec![Value::Null, Value::Null],
        vec![Value::Int(8), Value::Null],
    ];
    assert_eq!(rows(&bytes), expected);
    let BulkToken::Columns(columns) = read(&bytes).unwrap().remove(0) else { panic!("no columns") };
    assert_eq!(columns[0].type_info, TypeInfo::Nullable(FixedType::Int));
    assert!(columns[0].flags.nullable && columns[1].name == "c");
    let collation = Collation::SQL_LATIN1_GENERAL_CP1_CI_AS;
    assert_eq!(columns[1].type_info, TypeInfo::NVarChar { length: Length::Max, collation });
}

#[test]
fn text_and_image_have_a_table_and_a_pointer() {
    let table = [&[1, 0][..], &utf16("t")].concat();
    let ntext = [&[0x63, 0xff, 0xff, 0xff, 0x7f, 9, 4, 0xd0, 0, 0x34][..], &table].concat();
    let image = [&[0x22, 0xff, 0xff, 0xff, 0x7f][..], &table].concat();
    let pointer = [&[16][..], &[0xaa; 16], &[0xbb; 8]].concat();
    let bytes = [
        &metadata(&[&ntext, &image])[..],
        &[ROW],
        &pointer,
        &[2, 0, 0, 0, b'x', 0],
        &pointer,
        &[1, 0, 0, 0, 0xff],
        &[ROW, 0, 0],
        DONE,
    ]
    .concat();
    let expected = [
        vec![Value::Text("x".to_owned()), Value::Binary(vec![0xff])],
        vec![Value::Null, Value::Null],
    ];
    assert_eq!(rows(&bytes), expected);
}

#[test]
fn done_may_be_short_and_what_follows_is_passed_over() {
    let head = metadata(&[INT]);
    for end in [&[0xfd][..], &DONE[..9], DONE, &[DONE, DONE].concat()] {
        assert!(rows(&[&head, end].concat()).is_empty());
    }
}

#[test]
fn a_row_that_is_cut_off_is_no_end() {
    let head = metadata(&[INT]);
    let row = [ROW, 4, 7, 0, 0, 0];
    let bytes = [&head[..], &row].concat();
    for length in 0..bytes.len() {
        let end = read(&bytes[..length]);
        if length == head.len() {
            assert_eq!(end.unwrap().len(), 2, "no rows");
        } else {
            assert_eq!(end, Err(BulkError::Incomplete), "{length}");
        }
    }
    assert_eq!(rows(&bytes), [[Value::Int(7)]], "without DONE");
}

#[test]
fn types_and_values_are_checked_and_named() {
    let column = |types: &[&[u8]]| match read(&metadata(types)) {
        Err(BulkError::Column { column, error }) => (column, error.is_unsupported()),
        other => panic!("{other:?}"),
    };
    assert_eq!(column(&[INT, &[0xf1, 0]]), (2, true), "xml");
    assert_eq!(column(&[&[0xf4]]), (1, true), "json");
    assert_eq!(column(&[INT, INT, &[0x26, 3]]), (3, false));
    for wrong in [&[ROW, 4, 1, 0, 0, 0, 3, 0][..], &[NBCROW, 1, 5]] {
        let bytes = [&metadata(&[INT, INT])[..], wrong].concat();
        let error = read(&bytes).unwrap_err();
        assert!(matches!(error, BulkError::Cell { column: 2, .. }), "{error}");
    }
}

#[test]
fn what_is_no_load_is_refused() {
    for bytes in [&[0xd1][..], &[COLMETADATA, 0, 0], &[COLMETADATA, 0xff, 0xff]] {
        assert!(matches!(read(bytes), Err(BulkError::Stream(_))), "{bytes:x?}");
    }
    let bytes = [&metadata(&[INT])[..], &[0xaa]].concat();
    let error = read(&bytes).unwrap_err().to_string();
    assert!(error.contains("token in a bulk load 0xaa"), "{error}");
}

#[test]
fn a_row_is_no_longer_than_the_limit() {
    let mut rows = BulkRows::new(1000);
    rows.push(&metadata(&[NVARCHAR_MAX]));
    assert!(matches!(rows.next_token(), Ok(Some(BulkToken::Columns(_)))));
    // A claim alone is enough.
    rows.push(&[ROW, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0x10]);
    let error = rows.next_token().unwrap_err();
    assert!(error.to_string().contains("exceeds the limit of 1000"), "{error}");
}

#[test]
fn a_long_value_in_small_pieces_is_not_read_anew_for_each() {
    let chunks = 100_000;
    let mut rows = BulkRows::new(LIMIT);
    rows.push(&metadata(&[NVARCHAR_MAX]));
    rows.next_token().unwrap();
    rows.push(&[ROW, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
    let mut attempts = 0;
    for _ in 0..chunks {
        rows.push(&[2, 0, 0, 0, b'x', 0]);
        attempts += usize::from(rows.input.len() >= rows.enough);
        assert_eq!(rows.next_token(), Ok(None));
    }
    assert!(attempts < 25, "{attempts}");
    rows.push(&[0; 4]);
    rows.end();
    let Ok(Some(BulkToken::Row(row))) = rows.next_token() else { panic!("no row") };
    assert_eq!(row, [Value::Text("x".repeat(chunks))]);
}
