//! Descriptors that come and go beside a socket's bytes (SCM_RIGHTS, unix(7)).

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{BorrowedFd, OwnedFd};

use bytes::{Bytes, BytesMut};
use launchpod_protocol::frame::{Frame, Kind, OutputSegment};
use launchpod_segment::Mapping;
use rustix::io::Errno;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};
use tokio::io::Interest;
use tokio::net::UnixStream;

use crate::channel_error::ChannelError;

/// How much is read at once (bytes).
const READ_SIZE: usize = 64 << 10;

/// The descriptors that a worker has sent.
///
/// One comes before the frame that speaks of it is complete, and the next one after: what one
/// call receives ends with the bytes that a descriptor came with. So one at most is kept.
pub(crate) struct Descriptors {
    waiting: Option<OwnedFd>,
    buffer: Vec<u8>,
}

// === impl Descriptors ===

impl Default for Descriptors {
    fn default() -> Self {
        Descriptors { waiting: None, buffer: vec![0; READ_SIZE] }
    }
}

impl Descriptors {
    /// Appends what has come to `received`; how many bytes, 0 at the end. Safe to drop while it
    /// waits.
    pub(crate) async fn read(
        &mut self,
        stream: &UnixStream,
        received: &mut BytesMut,
    ) -> Result<usize, ChannelError> {
        loop {
            stream.readable().await?;
            match stream.try_io(Interest::READABLE, || receive(stream, &mut self.buffer)) {
                Ok((count, descriptors)) => {
                    received.extend_from_slice(&self.buffer[..count]);
                    for descriptor in descriptors.ok_or(ChannelError::Descriptors)? {
                        if self.waiting.replace(descriptor).is_some() {
                            return Err(ChannelError::Descriptors);
                        }
                    }
                    return Ok(count);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Gives a frame that speaks of memory that memory as its payload.
    pub(crate) fn resolve(&mut self, frame: Frame) -> Result<Frame, ChannelError> {
        if frame.kind != Kind::OutputSegment {
            return Ok(frame);
        }
        let OutputSegment { length } = OutputSegment::read(&frame)?;
        let memory = self.waiting.take().ok_or(ChannelError::NoMemory)?;
        let mapping = Mapping::new(&memory, length.into())?;
        Ok(Frame { kind: frame.kind, payload: Bytes::from_owner(mapping) })
    }
}

/// Receives once. No descriptors are given when there were more than fit.
fn receive(stream: &UnixStream, buffer: &mut [u8]) -> io::Result<(usize, Option<Vec<OwnedFd>>)> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let mut slices = [IoSliceMut::new(buffer)];
    let received = recvmsg(stream, &mut slices, &mut ancillary, RecvFlags::CMSG_CLOEXEC)?;
    let descriptors = ancillary
        .drain()
        .filter_map(|message| match message {
            RecvAncillaryMessage::ScmRights(descriptors) => Some(descriptors),
            _ => None,
        })
        .flatten()
        .collect();
    let complete = !received.flags.contains(ReturnFlags::CTRUNC);
    Ok((received.bytes, complete.then_some(descriptors)))
}

/// Sends the beginning of `bytes` with a descriptor; how many of them, at least one.
pub(crate) async fn send(
    stream: &UnixStream,
    bytes: &[u8],
    descriptor: BorrowedFd<'_>,
) -> io::Result<usize> {
    loop {
        stream.writable().await?;
        let sent = stream.try_io(Interest::WRITABLE, || {
            let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
            let mut ancillary = SendAncillaryBuffer::new(&mut space);
            let descriptors = [descriptor];
            if !ancillary.push(SendAncillaryMessage::ScmRights(&descriptors)) {
                return Err(Errno::NOBUFS.into());
            }
            let slices = [IoSlice::new(bytes)];
            Ok(sendmsg(stream, &slices, &mut ancillary, SendFlags::NOSIGNAL)?)
        });
        match sent {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            sent => return sent,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsFd;

    use launchpod_protocol::frame;
    use launchpod_segment::MappingError;
    use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};

    use super::*;
    use crate::channel::{Channel, Receiver};

    /// A worker that says what it likes, and the controller's end.
    fn pair() -> (UnixStream, Receiver) {
        let (worker, ours) = UnixStream::pair().unwrap();
        let (mut receiver, _) = Channel::new(ours).split();
        receiver.share_memory();
        (worker, receiver)
    }

    fn sealed(bytes: &[u8]) -> OwnedFd {
        let memory = memfd_create("test", MemfdFlags::ALLOW_SEALING).unwrap();
        rustix::io::write(&memory, bytes).unwrap();
        let seals = SealFlags::SEAL | SealFlags::SHRINK | SealFlags::GROW | SealFlags::WRITE;
        fcntl_add_seals(&memory, seals).unwrap();
        memory
    }

    fn segment(length: u32) -> Vec<u8> {
        let mut bytes = Vec::new();
        frame::encode(Kind::OutputSegment, &length.to_le_bytes(), &mut bytes).unwrap();
        bytes
    }

    #[tokio::test]
    async fn memory_comes_with_the_frame_that_announces_it() {
        let (worker, mut receiver) = pair();
        let mut pull = Vec::new();
        frame::encode(Kind::Pull, &[], &mut pull).unwrap();
        for round in 0..3_u8 {
            worker.try_write(&pull).unwrap();
            let bytes = segment(3);
            let memory = sealed(&[round, 7, 9]);
            assert_eq!(send(&worker, &bytes, memory.as_fd()).await.unwrap(), bytes.len());
        }
        for round in 0..3_u8 {
            assert_eq!(receiver.receive().await.unwrap().unwrap().kind, Kind::Pull);
            let frame = receiver.receive().await.unwrap().unwrap();
            assert_eq!((frame.kind, &frame.payload[..]), (Kind::OutputSegment, &[round, 7, 9][..]));
        }
        drop(worker);
        assert!(receiver.receive().await.unwrap().is_none());
    }

    #[tokio::test]
    async fn memory_that_did_not_come_is_missed() {
        let (worker, mut receiver) = pair();
        worker.try_write(&segment(3)).unwrap();
        assert!(matches!(receiver.receive().await, Err(ChannelError::NoMemory)));
    }

    #[tokio::test]
    async fn memory_that_is_not_what_it_says_is_refused() {
        let (worker, mut receiver) = pair();
        send(&worker, &segment(4), sealed(b"abc").as_fd()).await.unwrap();
        let received = receiver.receive().await;
        assert!(matches!(received, Err(ChannelError::Memory(MappingError::Length { .. }))));
    }

    #[tokio::test]
    async fn descriptors_that_no_frame_speaks_of_end_the_connection() {
        let (worker, mut receiver) = pair();
        let memory = sealed(b"abc");
        // A byte of a frame with each of two.
        for byte in &segment(3)[..2] {
            send(&worker, std::slice::from_ref(byte), memory.as_fd()).await.unwrap();
        }
        assert!(matches!(receiver.receive().await, Err(ChannelError::Descriptors)));

        let (worker, mut receiver) = pair();
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(9))];
        let mut ancillary = SendAncillaryBuffer::new(&mut space);
        let many = [memory.as_fd(); 9];
        assert!(ancillary.push(SendAncillaryMessage::ScmRights(&many)));
        let bytes = segment(3);
        sendmsg(&worker, &[IoSlice::new(&bytes)], &mut ancillary, SendFlags::empty()).unwrap();
        assert!(matches!(receiver.receive().await, Err(ChannelError::Descriptors)));
    }

    #[tokio::test]
    async fn memory_is_not_taken_unasked() {
        let (worker, ours) = UnixStream::pair().unwrap();
        let (mut receiver, _) = Channel::new(ours).split();
        for length in 3..6 {
            send(&worker, &segment(length), sealed(b"abc").as_fd()).await.unwrap();
        }
        // Each frame says a length, which the conversation refuses; the memory is gone.
        for length in 3..6_u32 {
            let frame = receiver.receive().await.unwrap().unwrap();
            assert_eq!(frame.payload[..], length.to_le_bytes());
        }
    }
}
