//! Which requests wait for their answers.

use std::sync::{Mutex, MutexGuard, PoisonError};

use launchpod_sqlserver::Tail;
use launchpod_tds::client::packets::Packet;
use tokio::sync::Notify;

/// Counts requests and answers that pass on. An answer ends with its last packet; one to a
/// request that was cancelled ends with the acknowledgement, which may be an answer of its own
/// ([MS-TDS] 2.2.1.7).
#[derive(Debug, Default)]
pub(super) struct Exchange {
    counts: Mutex<Counts>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Counts {
    unanswered: usize,
    attention: bool,
    /// Whether an answer has begun that hasn't ended.
    within: bool,
    tail: Tail,
}

// === impl Exchange ===

impl Exchange {
    /// A request has been sent.
    pub fn asked(&self) {
        self.counts().unanswered += 1;
    }

    /// An attention has been sent.
    pub fn attention(&self) {
        self.counts().attention = true;
    }

    /// A packet of an answer has come.
    pub fn answered(&self, packet: &Packet) {
        let mut counts = self.counts();
        counts.tail.push(packet.body());
        counts.within = !packet.is_last();
        if !packet.is_last() {
            return;
        }
        if counts.attention && counts.tail.is_attention() {
            counts.attention = false;
            counts.unanswered = 0;
        } else {
            counts.unanswered = counts.unanswered.saturating_sub(1);
        }
        drop(counts);
        self.changed.notify_waiters();
    }

    /// Waits until nothing is under way.
    pub async fn idle(&self) {
        loop {
            let changed = self.changed.notified();
            {
                let counts = self.counts();
                if counts.unanswered == 0 && !counts.attention {
                    return;
                }
            }
            changed.await;
        }
    }

    /// Whether a request waits for an answer of which nothing has come.
    pub fn is_unanswered(&self) -> bool {
        let counts = self.counts();
        (counts.unanswered > 0 || counts.attention) && !counts.within
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        // Each change is whole, so a panic elsewhere can't have left half of one.
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use bytes::BytesMut;
    use futures_util::FutureExt as _;
    use launchpod_tds::client::packets::PacketReader;
    use launchpod_tds::token::Done;
    use launchpod_tds::writer::PacketWriter;

    use super::*;

    fn answer(done: Done) -> Packet {
        let mut writer = PacketWriter::new();
        done.encode(writer.tokens());
        let mut wire = BytesMut::new();
        writer.finish(&mut wire);
        let mut packets = PacketReader::new();
        packets.input().extend_from_slice(&wire);
        packets.next_packet().unwrap().unwrap()
    }

    fn is_idle(exchange: &Exchange) -> bool {
        exchange.idle().now_or_never().is_some()
    }

    #[test]
    fn an_attention_ends_with_its_acknowledgement() {
        let exchange = Exchange::default();
        assert!(is_idle(&exchange) && !exchange.is_unanswered());
        exchange.asked();
        assert!(!is_idle(&exchange) && exchange.is_unanswered());
        exchange.answered(&answer(Done::IGNORED));
        assert!(is_idle(&exchange));

        // In the answer to the request.
        exchange.asked();
        exchange.attention();
        exchange.answered(&answer(Done::ATTENTION));
        assert!(is_idle(&exchange));

        // After it.
        exchange.asked();
        exchange.attention();
        exchange.answered(&answer(Done::IGNORED));
        assert!(!is_idle(&exchange));
        exchange.answered(&answer(Done::ATTENTION));
        assert!(is_idle(&exchange));
    }
}
