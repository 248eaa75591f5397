//! A parameter: its type, then its value. A type that is read is written back (an outdated one
//! as its successor) as one that reads and writes the same.
#![no_main]

use launchpod_tds::types::{TypeInfo, Value};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok((info, length)) = TypeInfo::decode(bytes) else { return };
    let written = write(&info);
    let (again, read) = TypeInfo::decode(&written).unwrap();
    assert_eq!(read, written.len());
    assert_eq!(write(&again), written);

    if let Ok((_, taken)) = Value::decode(&info, &bytes[length..]) {
        assert!(taken <= bytes.len() - length);
    }
});

fn write(info: &TypeInfo) -> Vec<u8> {
    let mut written = Vec::new();
    info.encode(&mut written);
    written
}
