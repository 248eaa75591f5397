//! Requests that may reach an external script.

use std::io;

use bytes::{Bytes, BytesMut};
use launchpod_sqlserver::Reach;
use launchpod_tds::batch::SqlBatch;
use launchpod_tds::client::packets::Packet;
use launchpod_tds::message::Reset;
use launchpod_tds::packet::{PacketStatus, PacketType};
use launchpod_tds::rpc::{Procedure, RpcCall, RpcCalls, SpecialProcedure};
use launchpod_tds::types::Value;
use launchpod_tds::version::TdsVersion;

use crate::connection::MESSAGE_LIMIT;

/// A whole batch or call.
pub(super) struct Request {
    /// As it came.
    pub packets: Vec<Packet>,
    pub packet_type: PacketType,
    pub payload: Bytes,
    pub reset: Reset,
    /// The transaction that it belongs to.
    pub transaction: u64,
    /// What it comes to.
    pub reach: Reach,
}

/// The packets so far of a request.
pub(super) struct Held {
    packets: Vec<Packet>,
    length: usize,
}

// === impl Held ===

impl Held {
    pub fn new() -> Self {
        Held { packets: Vec::new(), length: 0 }
    }

    /// Adds a packet, and returns the request when it is whole.
    ///
    /// # Errors
    /// When it is longer than any may be.
    pub fn push(&mut self, packet: Packet) -> io::Result<Option<Request>> {
        self.length += packet.body().len();
        if self.length > MESSAGE_LIMIT {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "a request exceeds 2 GiB"));
        }
        let last = packet.is_last();
        self.packets.push(packet);
        Ok(last.then(|| Request::of(self.take())))
    }

    /// The packets so far, which are then the caller's.
    pub fn take(&mut self) -> Vec<Packet> {
        self.length = 0;
        std::mem::take(&mut self.packets)
    }
}

// === impl Request ===

impl Request {
    fn of(packets: Vec<Packet>) -> Self {
        let header = packets.first().map(Packet::header);
        let status = header.map_or(PacketStatus::default(), |header| header.status);
        let reset = if status.contains(PacketStatus::RESET_CONNECTION_KEEP_TRANSACTION) {
            Reset::SessionKeepTransaction
        } else if status.contains(PacketStatus::RESET_CONNECTION) {
            Reset::Session
        } else {
            Reset::None
        };
        let payload = match packets.as_slice() {
            // Most requests are one packet, whose body is the payload without a copy.
            [packet] => packet.bytes().slice_ref(packet.body()),
            packets => {
                let mut payload = BytesMut::new();
                packets.iter().for_each(|packet| payload.extend_from_slice(packet.body()));
                payload.freeze()
            }
        };
        Request {
            packet_type: header.map_or(PacketType::SqlBatch, |header| header.packet_type),
            packets,
            payload,
            reset,
            transaction: 0,
            reach: Reach::default(),
        }
    }

    /// The same with what it comes to. What can't be read comes to nothing: the server says what
    /// is wrong with it. `is_own`: whether a handle stands for what the interpreter has prepared.
    pub fn examined(mut self, version: TdsVersion, is_own: impl Fn(i32) -> bool) -> Self {
        match self.packet_type {
            PacketType::SqlBatch => {
                if let Ok(batch) = SqlBatch::decode(&self.payload, version) {
                    self.transaction = batch.headers.transaction;
                    self.reach = Reach::of(&batch.text);
                }
            }
            _ => {
                let Ok(calls) = RpcCalls::new(&self.payload, version) else { return self };
                self.transaction = calls.headers().transaction;
                for call in calls.map_while(Result::ok) {
                    let reach = call_reach(&call, &is_own);
                    self.reach.script |= reach.script;
                    self.reach.calls.extend(reach.calls);
                }
            }
        }
        self
    }
}

fn call_reach(call: &RpcCall, is_own: &impl Fn(i32) -> bool) -> Reach {
    let text = |index: usize| match call.parameters.get(index).map(|given| &given.value) {
        Some(Value::Text(text)) => text.as_str(),
        _ => "",
    };
    let own_handle = || {
        let handle = call.parameters.first().map(|given| &given.value);
        let script = matches!(handle, Some(Value::Int(handle)) if is_own(*handle));
        Reach { script, calls: Vec::new() }
    };
    let special = match &call.procedure {
        Procedure::Special(special) => *special,
        Procedure::Named(name) => match special_of(name) {
            Some(special) => special,
            None => return Reach::of_call(name),
        },
    };
    match special {
        SpecialProcedure::ExecuteSql => Reach::of(text(0)),
        // After the handle: parameters' declarations and the text, or the call.
        SpecialProcedure::Prepare | SpecialProcedure::PrepExec => Reach::of(text(2)),
        SpecialProcedure::PrepExecRpc => Reach::of_call(text(1)),
        SpecialProcedure::Execute | SpecialProcedure::Unprepare => own_handle(),
        _ => Reach::default(),
    }
}

/// The procedures with a number that drivers also call by name.
fn special_of(name: &str) -> Option<SpecialProcedure> {
    use SpecialProcedure::{Execute, ExecuteSql, PrepExec, Prepare, Unprepare};
    let last = name.rsplit('.').next()?.trim_matches(['[', ']']);
    [ExecuteSql, Prepare, PrepExec, Execute, Unprepare]
        .into_iter()
        .find(|special| special.name().eq_ignore_ascii_case(last))
}
