//! What a worker sends: frames, and what they may be when. The first byte chooses the
//! conversation.
#![no_main]

use bytes::BytesMut;
use launchpod_protocol::control::{FromSupervisor, ToSupervisor};
use launchpod_protocol::data::{Conversation, FromWorker, Request, TypeMapping};
use launchpod_protocol::frame::Frame;
use launchpod_protocol::hello::Hello;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((kind, bytes)) = bytes.split_first() else { return };
    let mut received = BytesMut::from(bytes);
    let mut conversation = Conversation::default();
    while let Ok(Some(frame)) = Frame::decode(&mut received) {
        assert!(frame.payload.len() <= frame.kind.limit());
        match kind % 4 {
            0 => drop(Hello::check(&frame, "token")),
            1 => drop(FromSupervisor::read(frame)),
            2 => drop(ToSupervisor::read(&frame)),
            _ => match conversation.receive(frame) {
                Ok(FromWorker::Ready(_)) => {
                    let request = request(kind & 4 != 0, kind & 32 != 0);
                    conversation.run(&request, kind & 8 != 0);
                }
                Ok(FromWorker::Pull) => conversation.pulled(kind & 16 != 0),
                Ok(_) => {}
                Err(_) => return,
            },
        }
    }
});

fn request(has_input: bool, parts: bool) -> Request {
    Request {
        id: String::new(),
        input_name: String::new(),
        output_name: String::new(),
        has_input,
        parts,
        result_types: None,
        type_mapping: TypeMapping::default(),
        shared_memory: true,
    }
}
