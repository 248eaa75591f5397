//! Statements within statements, on a stack that grows.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Stack that must be left for what one statement needs until the next one within it: about
/// 100 KiB are used in an unoptimised build.
const LEAST_STACK: usize = 512 << 10;
/// Stack that is added when less is left.
const ADDED_STACK: usize = 4 << 20;

/// A future that is polled with enough stack, however deep it lies.
///
/// Blocks nest as deep as the parser allows, and calls 32 times on top of it: that is more than
/// a thread's stack holds, and an overflow would end the whole server.
pub(crate) struct Deep<'a, T>(Pin<Box<dyn Future<Output = T> + Send + 'a>>);

// === impl Deep ===

impl<'a, T> Deep<'a, T> {
    pub fn new(future: impl Future<Output = T> + Send + 'a) -> Self {
        Deep(Box::pin(future))
    }
}

impl<T> Future for Deep<'_, T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        stacker::maybe_grow(LEAST_STACK, ADDED_STACK, || self.0.as_mut().poll(context))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nested(depth: u32) -> Deep<'static, u32> {
        Deep::new(async move {
            // So much that a thread's stack doesn't hold it.
            let room = std::hint::black_box([0_u8; 16 << 10]);
            tokio::task::yield_now().await;
            let below = if depth == 0 { 0 } else { nested(depth - 1).await };
            below + 1 + u32::from(room[0])
        })
    }

    #[tokio::test]
    async fn depth_does_not_overflow_the_stack() {
        assert_eq!(nested(300).await, 301);
    }
}
