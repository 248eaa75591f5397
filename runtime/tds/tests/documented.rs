//! The exchanges that [MS-TDS] prints in section 4, "Protocol Examples", byte for byte: what a SQL
//! Server sends and no server of ours does. They are in `documented/`, each with its section; in
//! `recorded/` is what the tests of another client have kept of SQL Server's answers.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail as tests do")]

use bytes::BytesMut;
use launchpod_tds::batch::SqlBatch;
use launchpod_tds::bulk::{BulkRows, BulkToken};
use launchpod_tds::client::environment::Environment;
use launchpod_tds::client::packets::{Packet, PacketReader};
use launchpod_tds::client::response::{Token, TokenReader};
use launchpod_tds::login::{Login, feature};
use launchpod_tds::packet::PacketType;
use launchpod_tds::prelogin::Prelogin;
use launchpod_tds::rpc::{Procedure, RpcCall, RpcMessage};
use launchpod_tds::token::{DoneKind, DoneStatus};
use launchpod_tds::types::{Collation, FixedType, TypeInfo, Value};
use launchpod_tds::version::TdsVersion;

/// The feature of session recovery, [MS-TDS] 2.2.6.4.
const SESSION_RECOVERY: u8 = 0x01;
const TABNAME: u8 = 0xa4;
const COLINFO: u8 = 0xa5;
const FEATUREEXTACK: u8 = 0xae;
const SESSIONSTATE: u8 = 0xe4;

/// The cells of a row.
type Cells = Vec<Option<Vec<u8>>>;

/// The packet of an example.
fn packet(example: &str, packet_type: PacketType) -> Packet {
    let lines = example.lines().filter(|line| !line.starts_with('#'));
    let bytes = lines.flat_map(str::split_whitespace).map(|byte| u8::from_str_radix(byte, 16));
    let mut packets = PacketReader::new();
    packets.input().extend(bytes.collect::<Result<BytesMut, _>>().unwrap());
    let packet = packets.next_packet().unwrap().unwrap();
    assert!(packets.input().is_empty() && packet.is_last());
    assert_eq!(packet.header().packet_type, packet_type);
    packet
}

/// The tokens of an answer, the same in whatever portions it comes, and the cells of its rows.
fn tokens(example: &str) -> (Vec<Token>, Vec<Cells>) {
    let packet = packet(example, PacketType::Response);
    let mut read = [1, 3, packet.body().len()].map(|portion| {
        let mut reader = TokenReader::new(packet.body().len());
        let (mut tokens, mut rows) = (Vec::new(), Vec::new());
        let mut columns = 0;
        for part in packet.body().chunks(portion) {
            reader.push(part);
            while let Some(token) = reader.next_token().unwrap() {
                match &token {
                    Token::Columns(described) => columns = described.len(),
                    Token::Row => {
                        let mut row = reader.row().unwrap();
                        let cell = |_| row.cell().unwrap().map(|cell| cell.to_vec());
                        rows.push((0..columns).map(cell).collect());
                    }
                    _ => {}
                }
                tokens.push(token);
            }
        }
        assert!(!reader.is_mid_token());
        (tokens, rows)
    });
    assert!(read[0] == read[1] && read[1] == read[2]);
    std::mem::take(&mut read[2])
}

fn utf16(text: &str) -> Option<Vec<u8>> {
    Some(text.encode_utf16().flat_map(u16::to_le_bytes).collect())
}

/// What follows the messages' numbers in an answer to a login.
fn changes(tokens: &[Token]) -> Vec<Environment> {
    let change = |token: &Token| match token {
        Token::Environment(change) => Some(change.clone()),
        _ => None,
    };
    tokens.iter().filter_map(change).collect()
}

fn numbers(tokens: &[Token]) -> Vec<i32> {
    let number = |token: &Token| match token {
        Token::Message(message) => Some(message.number),
        _ => None,
    };
    tokens.iter().filter_map(number).collect()
}

#[test]
fn answers_to_logins() {
    let database = |name: &str| Environment::Database(name.to_owned());
    let collation = Environment::Collation(Some(Collation { info: 0x00d0_0409, sort_id: 0x34 }));
    let language = Environment::Other(2);
    for (example, version, has_features, changed) in [
        (
            include_str!("documented/login_response.hex"),
            TdsVersion(0x7209_0002),
            false,
            [
                database("master"),
                collation.clone(),
                language.clone(),
                Environment::PacketSize(4096),
            ],
        ),
        (
            include_str!("documented/federated_login_response.hex"),
            TdsVersion::V7_4,
            true,
            [
                database("master"),
                collation.clone(),
                language.clone(),
                Environment::PacketSize(4096),
            ],
        ),
        (
            include_str!("documented/session_recovery.hex"),
            TdsVersion::V7_4,
            true,
            [
                database("master"),
                collation.clone(),
                language.clone(),
                Environment::PacketSize(4096),
            ],
        ),
        (
            include_str!("recorded/login_response.hex"),
            TdsVersion::V7_4,
            true,
            [
                database("master"),
                collation.clone(),
                language.clone(),
                Environment::PacketSize(8000),
            ],
        ),
        (
            include_str!("documented/azure_support.hex"),
            TdsVersion::V7_4,
            true,
            [database("testdb"), collation, language, Environment::PacketSize(8000)],
        ),
    ] {
        let (tokens, rows) = tokens(example);
        assert_eq!(changes(&tokens), changed);
        assert_eq!(numbers(&tokens), [5701, 5703]);
        assert!(tokens.contains(&Token::LoginAck(version)), "{tokens:?}");
        assert_eq!(tokens.contains(&Token::Passed(FEATUREEXTACK)), has_features);
        let Some(Token::Done(done)) = tokens.last() else { panic!("{tokens:?}") };
        assert_eq!((done.kind, done.status), (DoneKind::Done, DoneStatus::FINAL));
        assert!(rows.is_empty());
    }
}

#[test]
fn an_answer_to_a_batch() {
    let (tokens, rows) = tokens(include_str!("documented/batch_response.hex"));
    let Token::Columns(columns) = &tokens[0] else { panic!("{tokens:?}") };
    assert_eq!((&*columns[0].name, columns[0].type_info.name()), ("bar", "varchar"));
    assert_eq!(rows, [[Some(b"foo".to_vec())]]);
    let Token::Done(done) = &tokens[2] else { panic!("{tokens:?}") };
    assert_eq!((done.status, done.command, done.rows), (DoneStatus::COUNT, 0xc1, 1));
}

#[test]
fn an_answer_with_money_floats_and_a_guid() {
    let (tokens, rows) = tokens(include_str!("recorded/row.hex"));
    let Token::Columns(columns) = &tokens[0] else { panic!("{tokens:?}") };
    let described: Vec<_> =
        columns.iter().map(|one| (&*one.name, one.type_info.name(), one.flags.nullable)).collect();
    assert_eq!(
        described,
        [
            ("employee_id", "tinyint", false),
            ("last_name", "nvarchar", false),
            ("first_name", "varchar", true),
            ("salary", "money", true),
            ("foo", "uniqueidentifier", true),
            ("flt", "float", true),
            ("bar", "real", true),
        ]
    );
    let [row] = &rows[..] else { panic!("{rows:?}") };
    let texts = [Some(vec![1]), utf16("paluch"), Some(b"mark".to_vec())];
    assert_eq!(row[..3], texts);
    // 50.0000: the high half first, each half little-endian.
    assert_eq!(row[3], Some(vec![0, 0, 0, 0, 0x20, 0xa1, 0x07, 0]));
}

#[test]
fn an_answer_that_tells_of_tables() {
    let (tokens, _) = tokens(include_str!("recorded/browse.hex"));
    assert_eq!(tokens[..2], [Token::Passed(TABNAME), Token::Passed(COLINFO)]);
    assert!(matches!(tokens[2..], [Token::Done(_)]), "{tokens:?}");
}

#[test]
fn a_login_that_is_sent_on() {
    let (tokens, _) = tokens(include_str!("recorded/routing.hex"));
    let routing = Environment::Routing { server: "testing".to_owned(), port: 12345 };
    assert_eq!(changes(&tokens), [routing]);
}

#[test]
fn an_answer_to_a_call() {
    let (tokens, _) = tokens(include_str!("documented/call_response.hex"));
    let [Token::Done(first), Token::ReturnStatus(0), Token::Done(last)] = &tokens[..] else {
        panic!("{tokens:?}")
    };
    assert_eq!((first.kind, last.kind), (DoneKind::InProc, DoneKind::Proc));
    assert_eq!((first.rows, last.command), (1, 0xe0));
}

/// A column set is xml, and empty ones come in rows with a bitmap.
#[test]
fn rows_with_sparse_columns() {
    let (tokens, rows) = tokens(include_str!("documented/sparse_columns.hex"));
    let Token::Columns(columns) = &tokens[0] else { panic!("{tokens:?}") };
    let described: Vec<_> = columns.iter().map(|one| (&*one.name, &one.type_info)).collect();
    let (int, xml) = (TypeInfo::Nullable(FixedType::Int), TypeInfo::Xml);
    assert_eq!(described, [("id", &int), ("sparsePropertySet", &xml)]);
    let sets = [
        utf16("<sparseProp1>1000</sparseProp1><sparseProp2>foo</sparseProp2>"),
        utf16("<sparseProp1>1000</sparseProp1>"),
        utf16("<sparseProp2>abcd</sparseProp2>"),
    ];
    let sets = sets.into_iter().chain(std::iter::repeat_n(None, 7));
    let expected = (1_i32..).zip(sets).map(|(id, set)| vec![Some(id.to_le_bytes().to_vec()), set]);
    assert_eq!(rows, expected.collect::<Vec<_>>());
}

#[test]
fn an_answer_that_tells_the_sessions_state() {
    let (tokens, _) = tokens(include_str!("documented/session_state.hex"));
    let [Token::Done(first), Token::Passed(SESSIONSTATE), Token::Done(last)] = &tokens[..] else {
        panic!("{tokens:?}")
    };
    assert_eq!((first.status, last.status), (DoneStatus::MORE, DoneStatus::FINAL));
}

#[test]
fn what_a_client_sends_before_and_at_login() {
    let prelogin = packet(include_str!("documented/prelogin.hex"), PacketType::Prelogin);
    let prelogin = Prelogin::decode(prelogin.body()).unwrap();
    assert_eq!(prelogin.version.map(|version| version.major), Some(9));
    let login = packet(include_str!("documented/login.hex"), PacketType::Login7);
    let login = Login::decode(login.body()).unwrap();
    assert_eq!((&*login.user_name, &*login.host_name), ("sa", "skostov1"));
    assert_eq!((&*login.app_name, &*login.library), ("OSQL-32", "ODBC"));
    assert_eq!((login.tds_version, login.packet_size), (TdsVersion(0x7209_0002), 4096));
    let again = packet(include_str!("documented/session_recovery_login.hex"), PacketType::Login7);
    let again = Login::decode(again.body()).unwrap();
    assert_eq!((&*again.user_name, &*again.database), ("sa", "tempdb"));
    assert!(again.offers(SESSION_RECOVERY) && !again.offers(feature::UTF8_SUPPORT));
}

#[test]
fn requests() {
    let version = TdsVersion::V7_4;
    let batch = packet(include_str!("documented/batch.hex"), PacketType::SqlBatch);
    let batch = SqlBatch::decode(batch.body(), version).unwrap();
    assert_eq!(batch.text.trim(), "select 'foo' as 'bar'");

    let call = packet(include_str!("documented/call.hex"), PacketType::Rpc);
    let RpcMessage { calls, .. } = RpcMessage::decode(call.body(), version).unwrap();
    let [RpcCall { procedure, parameters, .. }] = &calls[..] else { panic!("{calls:?}") };
    assert_eq!(procedure, &Procedure::Named("foo3".to_owned()));
    let given: Vec<_> = parameters.iter().map(|given| (&given.value, given.by_reference)).collect();
    assert_eq!(given, [(&Value::Null, false)]);

    let table = packet(include_str!("documented/table_valued_parameter.hex"), PacketType::Rpc);
    let refused = RpcMessage::decode(table.body(), version).unwrap_err();
    assert!(refused.is_unsupported(), "{refused}");
}

#[test]
fn a_bulk_load() {
    let load = packet(include_str!("documented/bulk_load.hex"), PacketType::BulkLoad);
    let mut rows = BulkRows::new(1 << 10);
    rows.push(load.body());
    rows.end();
    let tokens: Vec<BulkToken> = std::iter::from_fn(|| rows.next_token().unwrap()).collect();
    let [BulkToken::Columns(columns), BulkToken::Row(row), BulkToken::Done] = &tokens[..] else {
        panic!("{tokens:?}")
    };
    assert_eq!(columns[0].name, "c1");
    assert_eq!(row[..], [Value::Bit(false)]);
}
