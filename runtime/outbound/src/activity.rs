//! When the last byte was moved, and how many have been.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, sleep_until};

use crate::tally::Tally;

/// When a stream last moved a byte.
#[derive(Clone)]
pub(crate) struct Activity(Arc<Mutex<Instant>>);

/// A script's stream whose activity is watched, and whose bytes are counted.
pub(crate) struct Watched<S> {
    stream: S,
    activity: Activity,
    tally: Arc<Tally>,
}

// === impl Activity ===

impl Activity {
    /// Watches a stream from now on.
    pub(crate) fn of<S>(stream: S, tally: Arc<Tally>) -> (Watched<S>, Activity) {
        let activity = Activity(Arc::new(Mutex::new(Instant::now())));
        (Watched { stream, activity: activity.clone(), tally }, activity)
    }

    /// Passes when the stream has moved nothing for that long.
    pub(crate) async fn ceased(&self, limit: Duration) {
        loop {
            let until = *self.lock() + limit;
            if until <= Instant::now() {
                return;
            }
            sleep_until(until).await;
        }
    }

    fn note(&self) {
        *self.lock() = Instant::now();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Instant> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl Watched ===

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        let count = buffer.filled().len() - before;
        if count > 0 {
            self.activity.note();
            if let Err(error) = self.tally.send(count) {
                // What is past the limit isn't passed on.
                buffer.set_filled(before);
                return Poll::Ready(Err(io::Error::other(error)));
            }
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        if let Poll::Ready(Ok(count @ 1..)) = written {
            self.activity.note();
            self.tally.receive(count);
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
