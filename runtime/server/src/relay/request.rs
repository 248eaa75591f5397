//! Requests that may reach an external script.

use bytes::{Bytes, BytesMut};
use launchpod_sqlserver::{LookBack, Reach};
use launchpod_tds::batch::SqlBatch;
use launchpod_tds::client::packets::Packet;
use launchpod_tds::message::Reset;
use launchpod_tds::packet::{PacketStatus, PacketType};
use launchpod_tds::rpc::{Procedure, RpcCall, RpcCalls, SpecialProcedure};
use launchpod_tds::types::Value;
use launchpod_tds::version::TdsVersion;

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
    /// What it asks of the batches before it.
    pub look_back: LookBack,

    /// The procedure that opens a cursor over what it comes to.
    pub cursor: Option<SpecialProcedure>,
}

/// The packets so far of a request.
pub(super) struct Held {
    packets: Vec<Packet>,
    length: usize,
    limit: usize,
}

/// A request is longer than any may be.
#[derive(Debug)]
pub(super) struct TooLong;

/// What the first packet of a request asks to be reset.
pub(super) fn reset_of(status: PacketStatus) -> Reset {
    if status.contains(PacketStatus::RESET_CONNECTION_KEEP_TRANSACTION) {
        Reset::SessionKeepTransaction
    } else if status.contains(PacketStatus::RESET_CONNECTION) {
        Reset::Session
    } else {
        Reset::None
    }
}

// === impl Held ===

impl Held {
    /// Nothing yet of a request of at most so many bytes.
    pub fn new(limit: usize) -> Self {
        Held { packets: Vec::new(), length: 0, limit }
    }

    /// Adds a packet, and returns the request when it is whole.
    ///
    /// # Errors
    /// When it is longer than any may be.
    pub fn push(&mut self, packet: Packet) -> Result<Option<Request>, TooLong> {
        self.length += packet.body().len();
        if self.length > self.limit {
            return Err(TooLong);
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
        let reset = reset_of(header.map_or(PacketStatus::default(), |header| header.status));
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
            look_back: LookBack::default(),

            cursor: None,
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
                    self.look_back = LookBack::of(&batch.text);
                }
            }
            _ => {
                let Ok(calls) = RpcCalls::new(&self.payload, version) else { return self };
                self.transaction = calls.headers().transaction;
                for call in calls.map_while(Result::ok) {
                    let reach = call_reach(&call, &is_own);
                    if !reach.is_nothing() {
                        self.cursor = self.cursor.or(opened(&call));
                    }
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
    let Some(special) = special(call) else {
        let Procedure::Named(name) = &call.procedure else { return Reach::default() };
        return Reach::of_call(name);
    };
    match special {
        SpecialProcedure::ExecuteSql => Reach::of(text(0)),
        // After the handle: parameters' declarations and the text, or the call.
        SpecialProcedure::Prepare | SpecialProcedure::PrepExec => Reach::of(text(2)),
        SpecialProcedure::CursorOpen => Reach::of(text(1)),
        SpecialProcedure::CursorPrepare => Reach::of(text(2)),
        // The cursor's handle comes first.
        SpecialProcedure::CursorPrepExec => Reach::of(text(3)),
        SpecialProcedure::PrepExecRpc => Reach::of_call(text(1)),
        SpecialProcedure::Execute | SpecialProcedure::Unprepare => own_handle(),
        _ => Reach::default(),
    }
}

/// The procedure with a number that is called, by it or by its name.
fn special(call: &RpcCall) -> Option<SpecialProcedure> {
    use SpecialProcedure::{
        CursorOpen, CursorPrepExec, CursorPrepare, Execute, ExecuteSql, PrepExec, Prepare,
        Unprepare,
    };
    let name = match &call.procedure {
        Procedure::Special(special) => return Some(*special),
        Procedure::Named(name) => name,
    };
    let last = name.rsplit('.').next()?.trim_matches(['[', ']']);
    [ExecuteSql, Prepare, PrepExec, Execute, Unprepare, CursorOpen, CursorPrepare, CursorPrepExec]
        .into_iter()
        .find(|special| special.name().eq_ignore_ascii_case(last))
}

/// The procedure by which a call opens a cursor, now or later.
fn opened(call: &RpcCall) -> Option<SpecialProcedure> {
    use SpecialProcedure::{CursorOpen, CursorPrepExec, CursorPrepare};
    special(call).filter(|special| matches!(special, CursorOpen | CursorPrepare | CursorPrepExec))
}

#[cfg(test)]
mod tests {
    use launchpod_tds::client::packets::{PacketReader, write_message};

    use super::*;

    #[test]
    fn a_request_is_held_until_it_is_whole_and_not_beyond_the_limit() {
        let mut wire = BytesMut::new();
        write_message(PacketType::SqlBatch, Reset::Session, &[7; 1500], 512, &mut wire);
        let mut reader = PacketReader::new();
        reader.input().extend_from_slice(&wire);
        let packets: Vec<Packet> = std::iter::from_fn(|| reader.next_packet().unwrap()).collect();
        let mut held = Held::new(1500);
        let pushed = packets.iter().cloned().map(|packet| held.push(packet).unwrap());
        let whole: Vec<Request> = pushed.flatten().collect();
        assert_eq!(whole.len(), 1);
        assert_eq!((whole[0].payload.len(), whole[0].reset), (1500, Reset::Session));
        assert_eq!(whole[0].packets, packets);

        let mut held = Held::new(1499);
        let refused = packets.into_iter().map(|packet| held.push(packet)).filter(Result::is_err);
        assert_eq!(refused.count(), 1);
    }
}
