//! Memory that the controller writes and a worker reads.

use std::io::{self, IoSlice};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, ftruncate, memfd_create};
use rustix::io::{Errno, pwritev};

use crate::MAX_SIZE;

/// How many pieces one system call takes (Linux's IOV_MAX).
const MAX_PIECES: usize = 1024;

/// Memory that is written again for each batch: new pages cost several times what their bytes
/// do.
///
/// Its size is sealed, so that a worker can't harm the writer. What a worker writes into it,
/// spoils that worker's own input only.
#[derive(Debug)]
pub struct Slot {
    memory: OwnedFd,
}

// === impl Slot ===

impl Slot {
    /// Memory of [`MAX_SIZE`] bytes, of which only those that are written are ever taken.
    ///
    /// # Errors
    /// The system has no memory or no descriptors left.
    pub fn new() -> io::Result<Self> {
        let memory =
            memfd_create("launchpod-input", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?;
        ftruncate(&memory, MAX_SIZE as u64)?;
        fcntl_add_seals(&memory, SealFlags::SEAL | SealFlags::SHRINK | SealFlags::GROW)?;
        Ok(Slot { memory })
    }

    /// Writes pieces one after the other from the beginning on.
    ///
    /// # Errors
    /// They are more than [`MAX_SIZE`] bytes, or there is no memory for them.
    pub fn write(&self, pieces: &[&[u8]]) -> io::Result<()> {
        if pieces.iter().map(|piece| piece.len()).sum::<usize>() > MAX_SIZE {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let mut slices: Vec<IoSlice<'_>> = pieces.iter().map(|piece| IoSlice::new(piece)).collect();
        let mut left = &mut slices[..];
        IoSlice::advance_slices(&mut left, 0);
        let mut offset = 0;
        while !left.is_empty() {
            match pwritev(&self.memory, &left[..left.len().min(MAX_PIECES)], offset) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => {
                    offset += count as u64;
                    IoSlice::advance_slices(&mut left, count);
                }
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

impl AsFd for Slot {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.memory.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use rustix::fs::fcntl_get_seals;
    use rustix::io::pread;

    use super::*;

    #[test]
    fn pieces_follow_each_other_and_are_overwritten() {
        let slot = Slot::new().unwrap();
        let many = vec![&b"ab"[..]; MAX_PIECES + 1];
        slot.write(&many).unwrap();
        let mut found = vec![0; 2 * many.len() + 1];
        assert_eq!(pread(&slot, &mut found[..], 0), Ok(found.len()));
        assert_eq!(found[..], [&many.concat()[..], b"\0"].concat());
        slot.write(&[b"", b"xyz", b""]).unwrap();
        pread(&slot, &mut found[..5], 0).unwrap();
        assert_eq!(found[..5], *b"xyzba");
        slot.write(&[]).unwrap();
    }

    #[test]
    fn nobody_can_change_its_size() {
        let slot = Slot::new().unwrap();
        assert_eq!(ftruncate(&slot, 0), Err(Errno::PERM));
        assert_eq!(ftruncate(&slot, 1 + MAX_SIZE as u64), Err(Errno::PERM));
        assert!(fcntl_get_seals(&slot).unwrap().contains(SealFlags::SEAL));
    }

    #[test]
    fn more_than_it_holds_is_refused() {
        let slot = Slot::new().unwrap();
        let half = vec![7; MAX_SIZE / 2];
        slot.write(&[&half, &half]).unwrap();
        let error = slot.write(&[&half, &half, b"x"]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
    }
}
