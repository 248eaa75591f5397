//! What a client sends after login. The first byte chooses the kind of message.
#![no_main]

use launchpod_tds::batch::SqlBatch;
use launchpod_tds::rpc::RpcMessage;
use launchpod_tds::transaction::TransactionRequest;
use launchpod_tds::version::TdsVersion;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((kind, payload)) = bytes.split_first() else { return };
    match kind % 3 {
        0 => drop(SqlBatch::decode(payload, TdsVersion::V7_4)),
        1 => drop(RpcMessage::decode(payload, TdsVersion::V7_4)),
        _ => drop(TransactionRequest::decode(payload, TdsVersion::V7_4)),
    }
});
