//! Bytes that nobody should send: no decoder panics on them, and each says where it stopped.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use launchpod_tds::{
    ProtocolError,
    batch::SqlBatch,
    login::Login,
    message::MessageReader,
    packet::PacketHeader,
    prelogin::Prelogin,
    rpc::RpcMessage,
    tls::HandshakeUnwrapper,
    transaction::TransactionRequest,
    types::{Collation, FixedType, Length, TypeInfo, Value},
    version::TdsVersion,
};
use proptest::prelude::*;

/// ALL_HEADERS with transaction 0.
const HEADERS: [u8; 22] = [22, 0, 0, 0, 18, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0];

fn types() -> Vec<TypeInfo> {
    let collation = Collation::default();
    vec![
        TypeInfo::Null,
        TypeInfo::Nullable(FixedType::BigInt),
        TypeInfo::Nullable(FixedType::DateTime),
        TypeInfo::Nullable(FixedType::SmallDateTime),
        TypeInfo::Fixed(FixedType::Money),
        TypeInfo::Decimal { precision: 38, scale: 4 },
        TypeInfo::Guid,
        TypeInfo::Date,
        TypeInfo::Time { scale: 7 },
        TypeInfo::DateTime2 { scale: 3 },
        TypeInfo::DateTimeOffset { scale: 7 },
        TypeInfo::Char { length: 4, collation },
        TypeInfo::VarChar { length: Length::Max, collation },
        TypeInfo::NVarChar { length: Length::Limited(20), collation },
        TypeInfo::NVarChar { length: Length::Max, collation },
        TypeInfo::VarBinary { length: Length::Limited(8000) },
        TypeInfo::VarBinary { length: Length::Max },
        TypeInfo::LegacyChar { length: 255 },
        TypeInfo::LegacyBinary { length: 255 },
        TypeInfo::Text { collation },
        TypeInfo::NText { collation },
        TypeInfo::Image,
        TypeInfo::Xml,
        TypeInfo::Variant,
    ]
}

/// A call of sp_prepexec with parameters of many types.
fn rpc() -> Vec<u8> {
    let mut payload = HEADERS.to_vec();
    payload.extend_from_slice(&[0xff, 0xff, 13, 0, 0, 0]);
    let parameters: [(&[u8], &[u8]); 7] = [
        (&[0x26, 4], &[4, 1, 0, 0, 0]),
        (&[0xe7, 40, 0, 9, 4, 0xd0, 0, 0x34], &[4, 0, b'a', 0, b'b', 0]),
        (
            &[0xa7, 0xff, 0xff, 9, 4, 0xd0, 0, 0x34],
            &[1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0xe4, 0, 0, 0, 0],
        ),
        (&[0x6c, 17, 38, 2], &[17, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]),
        (&[0x2b, 7], &[10, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]),
        (&[0x63, 0xfe, 0xff, 0xff, 0x7f, 9, 4, 0xd0, 0, 0x34], &[2, 0, 0, 0, b'x', 0]),
        (&[0xf1, 0], &[0xff; 8]),
    ];
    for (info, value) in parameters {
        payload.extend_from_slice(&[2, b'@', 0, b'p', 0, 1]);
        payload.extend_from_slice(info);
        payload.extend_from_slice(value);
    }
    payload.extend_from_slice(&[0xff, 1, 0, b'p', 0, 0, 0]);
    payload
}

fn login() -> Vec<u8> {
    let mut payload = vec![0; 94];
    payload[4..8].copy_from_slice(&TdsVersion::V7_4.0.to_le_bytes());
    payload[27] = 0x10;
    for field in (36..72).step_by(4).chain([78, 82, 86]) {
        // All texts are the same two characters, and the extension is at its place.
        payload[field..field + 4].copy_from_slice(&[94, 0, 2, 0]);
    }
    payload[56..60].copy_from_slice(&[98, 0, 4, 0]);
    payload.extend_from_slice(&[
        b's', 0, b'a', 0, 102, 0, 0, 0, 0x0a, 1, 0, 0, 0, 1, 0x01, 0, 0, 0, 0, 0xff,
    ]);
    let length = payload.len() as u32;
    payload[..4].copy_from_slice(&length.to_le_bytes());
    payload
}

fn samples() -> Vec<Vec<u8>> {
    let headed = |body: &[u8]| [&HEADERS, body].concat();
    vec![
        rpc(),
        login(),
        headed(b"S\0E\0L\0E\0C\0T\0 \x001\0"),
        headed(&[5, 0, 2, 2, b't', 0]),
        headed(&[8, 0, 2, b't', 0, 1, 2, 0]),
        Prelogin {
            mars: Some(true),
            instance: Some(b"x\0".to_vec()),
            nonce: Some([1; 32]),
            ..Prelogin::default()
        }
        .encode(),
    ]
}

/// Every decoder over the same bytes.
fn decode_all(bytes: &[u8]) -> Vec<Result<(), ProtocolError>> {
    let mut results = Vec::new();
    for version in [TdsVersion::V7_4, TdsVersion(0x7100_0001)] {
        results.push(SqlBatch::decode(bytes, version).map(drop));
        results.push(RpcMessage::decode(bytes, version).map(drop));
        results.push(TransactionRequest::decode(bytes, version).map(drop));
    }
    results.push(Prelogin::decode(bytes).map(drop));
    results.push(Login::decode(bytes).map(drop));
    results.push(TypeInfo::decode(bytes).map(drop));
    for info in types() {
        results.push(Value::decode(&info, bytes).map(drop));
    }
    if let Some(header) = bytes.first_chunk() {
        results.push(PacketHeader::decode(header).map(drop));
    }
    results.push(HandshakeUnwrapper::default().unwrap(bytes, &mut Vec::new()));
    let mut reader = MessageReader::new(1 << 20);
    reader.input().extend_from_slice(bytes);
    results.push(
        std::iter::from_fn(|| reader.next_message().transpose())
            .try_for_each(|message| message.map(drop)),
    );
    results
}

fn check(bytes: &[u8]) {
    for error in decode_all(bytes).into_iter().filter_map(Result::err) {
        assert!(error.offset() <= bytes.len(), "{error} in {bytes:x?}");
        assert!(!error.element().is_empty());
    }
}

#[test]
fn the_samples_are_good() {
    assert_eq!(RpcMessage::decode(&samples()[0], TdsVersion::V7_4).unwrap().calls.len(), 2);
    assert_eq!(Login::decode(&samples()[1]).unwrap().features.len(), 2);
    assert!(SqlBatch::decode(&samples()[2], TdsVersion::V7_4).is_ok());
    assert!(TransactionRequest::decode(&samples()[3], TdsVersion::V7_4).is_ok());
    assert!(TransactionRequest::decode(&samples()[4], TdsVersion::V7_4).is_ok());
    assert!(Prelogin::decode(&samples()[5]).is_ok());
}

#[test]
fn every_truncation_and_every_flipped_bit() {
    for sample in samples() {
        for cut in 0..sample.len() {
            check(&sample[..cut]);
        }
        for bit in 0..8 * sample.len() {
            let mut bytes = sample.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            check(&bytes);
        }
    }
}

#[test]
fn every_length_at_its_largest() {
    for sample in samples() {
        for width in [1, 2, 4, 8] {
            for at in 0..=sample.len() - width {
                for fill in [0x00, 0x7f, 0x80, 0xfe, 0xff] {
                    let mut bytes = sample.clone();
                    bytes[at..at + width].fill(fill);
                    check(&bytes);
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        check(&bytes);
    }

    #[test]
    fn spliced_samples(
        which in 0usize..6,
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0usize..4, prop::collection::vec(any::<u8>(), 0..6)), 1..6),
    ) {
        let mut bytes = samples().swap_remove(which);
        for (at, removed, inserted) in edits {
            let at = at.index(bytes.len() + 1);
            let end = bytes.len().min(at + removed);
            bytes.splice(at..end, inserted);
        }
        check(&bytes);
    }
}
