//! Frames over a socket, and the descriptors of memory that both sides share.

use std::io;
use std::os::fd::BorrowedFd;

use bytes::BytesMut;
use launchpod_protocol::frame::Frame;
use rustix::io::ioctl_fionread;
use tokio::io::AsyncWriteExt;
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};

use crate::channel_error::ChannelError;
use crate::descriptors::{self, Descriptors};

/// One connection to a worker.
pub struct Channel {
    stream: UnixStream,
    received: BytesMut,
}

/// The half of a [`Channel`] that frames come from.
pub struct Receiver {
    half: OwnedReadHalf,
    received: BytesMut,
    /// Where descriptors are taken; elsewhere the system closes those that come.
    descriptors: Option<Descriptors>,
}

/// The half of a [`Channel`] that frames go to.
pub struct Sender {
    half: OwnedWriteHalf,
}

// === impl Channel ===

impl Channel {
    /// A connection from which nothing has been read yet.
    pub fn new(stream: UnixStream) -> Self {
        Channel { stream, received: BytesMut::new() }
    }

    /// The next frame; `None` when the worker has closed the connection. Safe to use in
    /// `select!`: what has been received is kept when the future is dropped.
    ///
    /// # Errors
    /// The connection is of no more use.
    pub async fn receive(&mut self) -> Result<Option<Frame>, ChannelError> {
        receive(&self.stream, &mut self.received).await
    }

    /// The two halves.
    pub fn split(self) -> (Receiver, Sender) {
        let (read, write) = self.stream.into_split();
        let receiver = Receiver { half: read, received: self.received, descriptors: None };
        (receiver, Sender { half: write })
    }
}

// === impl Receiver ===

impl Receiver {
    /// Whether something has come that no [`Receiver::receive`] has given yet.
    pub fn has_more(&self) -> bool {
        !self.received.is_empty() || ioctl_fionread(self.half.as_ref()).is_ok_and(|count| count > 0)
    }

    /// Takes memory that the worker shares from now on.
    pub fn share_memory(&mut self) {
        self.descriptors = Some(Descriptors::default());
    }

    /// The next frame, as [`Channel::receive`]. That of memory which the worker shares has the
    /// memory as its payload, checked and mapped.
    ///
    /// # Errors
    /// The connection is of no more use.
    pub async fn receive(&mut self) -> Result<Option<Frame>, ChannelError> {
        let Some(descriptors) = &mut self.descriptors else {
            return receive(self.half.as_ref(), &mut self.received).await;
        };
        loop {
            if let Some(frame) = Frame::decode(&mut self.received)? {
                return Ok(Some(descriptors.resolve(frame)?));
            }
            let stream = self.half.as_ref();
            if descriptors.read(stream, &mut self.received).await? == 0 {
                return ended(&self.received);
            }
        }
    }
}

// === impl Sender ===

impl Sender {
    /// Sends encoded frames.
    ///
    /// # Errors
    /// The worker is gone.
    pub async fn send(&mut self, frames: &[u8]) -> Result<(), ChannelError> {
        Ok(self.half.write_all(frames).await?)
    }

    /// Sends encoded frames with a descriptor, which the first of them announces.
    ///
    /// # Errors
    /// The worker is gone.
    pub async fn send_descriptor(
        &mut self,
        frames: &[u8],
        descriptor: BorrowedFd<'_>,
    ) -> Result<(), ChannelError> {
        let sent = descriptors::send(self.half.as_ref(), frames, descriptor).await?;
        self.send(&frames[sent..]).await
    }
}

async fn receive(
    stream: &UnixStream,
    received: &mut BytesMut,
) -> Result<Option<Frame>, ChannelError> {
    loop {
        // Frame::decode reserves what a frame of an allowed length still needs.
        if let Some(frame) = Frame::decode(received)? {
            return Ok(Some(frame));
        }
        stream.readable().await?;
        // Not by AsyncRead, which takes a socket for empty when it gives less than fits: one also does
        // where a descriptor comes with what is next, and then nothing more would ever be heard.
        match stream.try_read_buf(received) {
            Ok(0) => return ended(received),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
}

fn ended(received: &BytesMut) -> Result<Option<Frame>, ChannelError> {
    if received.is_empty() { Ok(None) } else { Err(ChannelError::Truncated) }
}
