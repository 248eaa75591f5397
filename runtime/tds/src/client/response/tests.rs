use super::*;
use crate::{
    client::environment::Environment,
    token::{
        self, ColumnFlags, DoneKind, DoneStatus, EnvChange, FeatureExtAck, LoginAck, MessageKind,
        ReturnKind, ReturnStatus, ReturnValue, encode_columns,
    },
    types::{Collation, FixedType, Length},
};

/// Little enough to be exceeded.
const LIMIT: usize = 4096;

/// The cells of a row.
type Cells = Vec<Option<Vec<u8>>>;

fn column(name: &str, type_info: TypeInfo) -> Column {
    let flags = ColumnFlags { nullable: true, ..ColumnFlags::default() };
    Column { name: name.to_owned(), type_info, user_type: 0, flags }
}

fn nvarchar(length: Length) -> TypeInfo {
    TypeInfo::NVarChar { length, collation: Collation::default() }
}

/// Reads an answer in portions of each size and expects the same of all: its tokens, and the
/// cells of its rows.
fn read(bytes: &[u8]) -> (Vec<Token>, Vec<Cells>) {
    let mut results = Vec::new();
    for portion in [1, 2, 5, 8, bytes.len()] {
        let mut reader = TokenReader::new(LIMIT);
        let (mut tokens, mut rows) = (Vec::new(), Vec::new());
        for part in bytes.chunks(portion) {
            reader.push(part);
            while let Some(token) = reader.next_token().unwrap() {
                if token == Token::Row {
                    rows.push(cells(&reader));
                }
                tokens.push(token);
            }
        }
        assert!(!reader.is_mid_token());
        assert_eq!(reader.offset(), bytes.len());
        results.push((tokens, rows));
    }
    assert!(results.windows(2).all(|pair| pair[0] == pair[1]));
    results.swap_remove(0)
}

fn cells(reader: &TokenReader) -> Cells {
    let mut row = reader.row().unwrap();
    let cells = (0..reader.columns.len()).map(|_| row.cell().unwrap().map(|cell| cell.to_vec()));
    let cells = cells.collect();
    assert!(row.cell().is_err(), "no more cells than columns");
    cells
}

fn error(bytes: &[u8]) -> ProtocolError {
    let mut reader = TokenReader::new(LIMIT);
    reader.push(bytes);
    loop {
        match reader.next_token() {
            Ok(Some(_)) => {}
            Ok(None) => panic!("waits for more of {bytes:x?}"),
            Err(error) => return error,
        }
    }
}

#[test]
fn what_our_server_writes_is_read() {
    let mut bytes = Vec::new();
    EnvChange::Database { new: "db", old: "master" }.encode(&mut bytes);
    token::Message {
        kind: MessageKind::Error,
        number: 8134,
        state: 1,
        class: 16,
        text: "Divide by zero error encountered.",
        server: "s",
        procedure: "p",
        line: 3,
    }
    .encode(&mut bytes);
    LoginAck { tds_version: TdsVersion::V7_4, program: "x", version: (16, 0, 1000) }
        .encode(&mut bytes);
    FeatureExtAck { utf8: true }.encode(&mut bytes);
    ReturnStatus(-4).encode(&mut bytes);
    let int = TypeInfo::Nullable(FixedType::Int);
    ReturnValue {
        ordinal: 1,
        name: "@o",
        kind: ReturnKind::Output,
        type_info: &int,
        value: &Value::Int(5),
    }
    .encode(&mut bytes)
    .unwrap();
    let done = Done { kind: DoneKind::Proc, status: DoneStatus::FINAL, command: 0xe0, rows: 0 };
    done.encode(&mut bytes);
    let (tokens, _) = read(&bytes);
    let message = ServerMessage {
        is_error: true,
        number: 8134,
        state: 1,
        class: 16,
        text: "Divide by zero error encountered.".to_owned(),
        server: "s".to_owned(),
        procedure: "p".to_owned(),
        line: 3,
    };
    let output = OutputValue {
        ordinal: 1,
        name: "@o".to_owned(),
        kind: ReturnKind::Output,
        type_info: int,
        value: Value::Int(5),
    };
    assert_eq!(
        tokens,
        [
            Token::Environment(Environment::Database("db".to_owned())),
            Token::Message(message),
            Token::LoginAck(TdsVersion::V7_4),
            Token::Passed(0xae),
            Token::ReturnStatus(-4),
            Token::ReturnValue(output),
            Token::Done(done),
        ]
    );
}

#[test]
fn cells_of_every_layout() {
    let columns = [
        column("fixed", TypeInfo::Fixed(FixedType::SmallInt)),
        column("byte", TypeInfo::Nullable(FixedType::Int)),
        column("short", nvarchar(Length::Limited(4))),
        column("chunks", nvarchar(Length::Max)),
        column("pointer", TypeInfo::Image),
        column("xml", TypeInfo::Xml),
    ];
    let mut bytes = Vec::new();
    encode_columns(&columns, &mut bytes);
    bytes.push(0xd1);
    bytes.extend_from_slice(&[7, 0]);
    bytes.extend_from_slice(&[4, 1, 2, 3, 4]);
    bytes.extend_from_slice(&[2, 0, b'a', 0]);
    // A (max) value in two chunks, of a length that isn't said.
    bytes.extend_from_slice(&[0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
    bytes.extend_from_slice(&[2, 0, 0, 0, b'b', 0, 2, 0, 0, 0, b'c', 0, 0, 0, 0, 0]);
    // A text pointer of two bytes and a timestamp.
    bytes.extend_from_slice(&[2, 9, 9, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, b'x', b'y', b'z']);
    bytes.extend_from_slice(&[2, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, b'<', 0, 0, 0, 0, 0]);
    // The same with NULL wherever there can be one.
    bytes.extend_from_slice(&[0xd1, 8, 0, 0, 0xff, 0xff]);
    bytes.extend_from_slice(&[0xff; 8]);
    bytes.push(0);
    bytes.extend_from_slice(&[0xff; 8]);
    // And with a bitmap: all but the first and third are NULL.
    bytes.extend_from_slice(&[0xd2, 0b11_1010, 9, 0, 0, 0]);
    let (tokens, rows) = read(&bytes);
    assert_eq!(tokens[0], Token::Columns(columns.as_slice().into()));
    assert_eq!(tokens[1..], [Token::Row, Token::Row, Token::Row]);
    let some = |bytes: &[u8]| Some(bytes.to_vec());
    assert_eq!(
        rows[0],
        [
            some(&[7, 0]),
            some(&[1, 2, 3, 4]),
            some(b"a\0"),
            some(b"b\0c\0"),
            some(b"xyz"),
            some(b"<\0")
        ]
    );
    assert_eq!(rows[1], [some(&[8, 0]), None, None, None, None, None]);
    assert_eq!(rows[2], [some(&[9, 0]), None, some(b""), None, None, None]);
}

/// Tokens that [MS-TDS] doesn't describe, of each length that 2.2.4.2.1 has.
#[test]
fn unknown_tokens_are_passed_over() {
    let done = [0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let bytes = [
        &[0x11][..],
        &[0xa8, 3, 0, 1, 2, 3],
        &[0x30, 9],
        &[0x35, 9, 9],
        &[0x3a, 9, 9, 9, 9],
        &[0x3c, 9, 9, 9, 9, 9, 9, 9, 9],
        &done,
    ]
    .concat();
    let (tokens, _) = read(&bytes);
    let passed = [0x11, 0xa8, 0x30, 0x35, 0x3a, 0x3c].map(Token::Passed);
    assert_eq!(tokens[..6], passed);
    assert!(matches!(tokens[6], Token::Done(_)));

    let mut reader = TokenReader::new(LIMIT);
    reader.push(&[0x02, 1, 2, 3]);
    assert!(reader.next_token().is_err(), "one whose length nobody knows");
}

/// Hand-made by [MS-TDS] 2.2.7: tokens that no server of ours sends.
#[test]
fn tokens_of_other_servers_are_passed_over() {
    let done = [0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let bytes = [
        // TABNAME: one table of three parts; COLINFO: one column, of table 1, a key; ORDER.
        &[0xa4, 9, 0, 3, 1, 0, b'd', 0, 0, 0, 0, 0][..],
        &[0xa5, 3, 0, 1, 1, 8],
        &[0xa9, 4, 0, 1, 0, 2, 0],
        // OFFSET, SESSIONSTATE of two bytes, SSPI of one.
        &[0x78, 1, 0, 2, 0],
        &[0xe4, 2, 0, 0, 0, 1, 2],
        &[0xed, 1, 0, 7],
        // FEATUREEXTACK: session recovery of two bytes, UTF-8.
        &[0xae, 1, 2, 0, 0, 0, 1, 2, 0x0a, 1, 0, 0, 0, 1, 0xff],
        // ALTMETADATA of a clause with a SUM by one column, ALTROW of it.
        &[0x88, 1, 0, 5, 0, 1, 1, 0, 0x4d, 1, 0, 0, 0, 0, 0, 1, 0, 0x26, 4, 1, b'n', 0],
        &[0xd3, 5, 0, 4, 1, 0, 0, 0],
        &done,
    ]
    .concat();
    let (tokens, rows) = read(&bytes);
    let passed: Vec<Token> =
        [0xa4, 0xa5, 0xa9, 0x78, 0xe4, 0xed, 0xae, 0x88, 0xd3].map(Token::Passed).into();
    assert_eq!(tokens[..9], passed);
    assert!(matches!(tokens[9], Token::Done(_)) && rows.is_empty());
}

/// The names of a text column's table come part by part in an answer, [MS-TDS] 2.2.7.4.
#[test]
fn the_table_of_a_text_column_is_read_over() {
    let bytes = [
        &[0x81, 1, 0, 0, 0, 0, 0, 1, 0, 0x22, 0xff, 0xff, 0xff, 0x7f][..],
        &[2, 1, 0, b'd', 0, 1, 0, b't', 0, 1, b'c', 0],
        &[0x81, 0xff, 0xff],
        &[0xd1, 0],
    ]
    .concat();
    let (tokens, rows) = read(&bytes);
    let columns: Arc<[Column]> = [column("c", TypeInfo::Image)].into();
    // The columns of «no metadata» are those before.
    assert_eq!(tokens, [Token::Columns(Arc::clone(&columns)), Token::Columns(columns), Token::Row]);
    assert_eq!(rows, [[None]]);
}

#[test]
fn hostile_lengths_are_refused() {
    let too_long = |bytes: &[u8]| {
        let error = error(bytes);
        assert!(matches!(error.problem(), Problem::TooLong { .. }), "{error}");
    };
    // More columns than there can be, and a token and cells beyond the limit.
    too_long(&[0x81, 0xfe, 0xff]);
    too_long(&[0xe4, 0xff, 0xff, 0xff, 0xff]);
    let mut columns = Vec::new();
    encode_columns(
        &[column("a", nvarchar(Length::Max)), column("b", TypeInfo::Image)],
        &mut columns,
    );
    too_long(&[&columns[..], &[0xd1], &[0xfe; 8], &[0xff; 4]].concat());
    too_long(&[&columns[..], &[0xd1], &[0xff; 8], &[1; 10], &[0xff; 4]].concat());
    // A token shorter than what it holds doesn't wait for more.
    let invalid = |bytes: &[u8]| {
        let error = error(bytes);
        assert!(matches!(error.problem(), Problem::Invalid { .. }), "{error}");
    };
    invalid(&[0xaa, 3, 0, 1, 2, 3]);
    invalid(&[0xad, 1, 0, 1]);
    invalid(&[0xe3, 1, 0, 8]);
    invalid(&[0x01]);
    invalid(&[0xd3, 5, 0]);
    // A (max) value that isn't as long as it says.
    let mut reader = TokenReader::new(LIMIT);
    reader.push(&columns);
    reader
        .push(&[&[0xd1, 3, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 1, 2, 0, 0, 0, 0][..], &[0]].concat());
    assert!(matches!(reader.next_token(), Ok(Some(Token::Columns(_)))));
    assert_eq!(reader.next_token(), Ok(Some(Token::Row)));
    assert!(reader.row().unwrap().cell().is_err());
}

#[test]
fn types_that_are_not_served_are_named() {
    let error = error(&[0x81, 1, 0, 0, 0, 0, 0, 1, 0, 0xf5, 0, 0, 0, 0]);
    assert!(error.is_unsupported() && error.to_string().contains("vector"), "{error}");
}
