//! Memory that a worker has written, and that is hostile until it has been checked.
//!
//! The only module with `unsafe`: mapping a file is sound only while nobody changes it, which is
//! what is checked here.
#![allow(unsafe_code)]

use std::fmt;
use std::os::fd::OwnedFd;

use memmap2::{Mmap, MmapOptions};
use rustix::fs::{SealFlags, SeekFrom, fcntl_get_seals, fstat, fstatfs, seek};
use rustix::io::Errno;

use crate::MAX_SIZE;

/// The file system of memfds without huge pages (statfs(2), TMPFS_MAGIC).
const TMPFS: rustix::fs::FsWord = 0x0102_1994;

/// The seals without which memory may still change after it was checked. F_SEAL_FUTURE_WRITE
/// isn't enough: it leaves old mappings writable.
const REQUIRED: [(SealFlags, &str); 4] = [
    (SealFlags::SEAL, "F_SEAL_SEAL"),
    (SealFlags::SHRINK, "F_SEAL_SHRINK"),
    (SealFlags::GROW, "F_SEAL_GROW"),
    (SealFlags::WRITE, "F_SEAL_WRITE"),
];

/// A worker's memory, mapped for reading; unmapped when dropped.
///
/// Nobody can change it or take its pages away: its bytes are as good as any `&[u8]`.
pub struct Mapping {
    bytes: Mmap,
}

/// Memory is not what a worker may share.
#[derive(Debug, thiserror::Error)]
pub enum MappingError {
    /// It is none: a descriptor of another kind.
    #[error("a descriptor from the worker is no shared memory")]
    NotMemory,
    /// It can still be changed.
    #[error("shared memory from the worker lacks the seal {0}")]
    Unsealed(&'static str),
    /// It is longer than [`MAX_SIZE`].
    #[error("{0} bytes of shared memory from the worker, the limit is {MAX_SIZE}")]
    TooLong(u64),
    /// It isn't as long as the worker says.
    #[error("shared memory from the worker has {found} bytes, it says {claimed}")]
    Length {
        /// What the worker says.
        claimed: u64,
        /// What there is.
        found: u64,
    },
    /// Pages are missing, which a reader would have to pay for.
    #[error("shared memory from the worker has a hole at byte {0}")]
    Sparse(u64),
    /// The system refuses to look at it or to map it.
    #[error("shared memory from the worker can't be mapped: {0}")]
    Io(#[from] std::io::Error),
}

// === impl Mapping ===

impl Mapping {
    /// Checks memory that a worker has sent, of which it says that it has `length` bytes, and
    /// maps it.
    ///
    /// # Errors
    /// It isn't a memfd, isn't sealed, is longer than [`MAX_SIZE`], hasn't `length` bytes, or
    /// has holes.
    pub fn new(memory: &OwnedFd, length: u64) -> Result<Self, MappingError> {
        // Sealed first: nothing that is found afterwards can change.
        let seals = fcntl_get_seals(memory).map_err(|_| MappingError::NotMemory)?;
        if let Some((_, name)) = REQUIRED.into_iter().find(|(seal, _)| !seals.contains(*seal)) {
            return Err(MappingError::Unsealed(name));
        }
        let system = fstatfs(memory).map_err(std::io::Error::from)?;
        if system.f_type != TMPFS {
            return Err(MappingError::NotMemory);
        }
        let size = fstat(memory).map_err(std::io::Error::from)?.st_size;
        let found = u64::try_from(size).map_err(|_| MappingError::NotMemory)?;
        if found > MAX_SIZE as u64 {
            return Err(MappingError::TooLong(found));
        }
        if found == 0 || found != length {
            return Err(MappingError::Length { claimed: length, found });
        }
        // Blocks are not counted: some may be beyond the end.
        match seek(memory, SeekFrom::Hole(0)) {
            Ok(hole) if hole < found => return Err(MappingError::Sparse(hole)),
            Ok(_) => {}
            Err(Errno::NXIO) => return Err(MappingError::Sparse(0)),
            Err(error) => return Err(std::io::Error::from(error).into()),
        }
        // SAFETY: the memory can't be written (F_SEAL_WRITE also tells that no writable mapping
        // is left), can't be truncated or punched, and has all its pages, so that the bytes stay
        // as they are for as long as they are mapped. `found` is its whole length.
        let bytes = unsafe { MmapOptions::new().len(found as usize).map_copy_read_only(memory) }?;
        Ok(Mapping { bytes })
    }
}

impl AsRef<[u8]> for Mapping {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl fmt::Debug for Mapping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mapping({} bytes)", self.bytes.len())
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::Write as _;

    use rustix::fs::{
        FallocateFlags, MemfdFlags, fallocate, fcntl_add_seals, ftruncate, memfd_create,
    };

    use super::*;

    const ALL: SealFlags =
        SealFlags::SEAL.union(SealFlags::SHRINK).union(SealFlags::GROW).union(SealFlags::WRITE);

    fn memory(bytes: &[u8]) -> OwnedFd {
        let memory = memfd_create("test", MemfdFlags::ALLOW_SEALING).unwrap();
        let mut file = File::from(memory);
        file.write_all(bytes).unwrap();
        file.into()
    }

    fn sealed(memory: OwnedFd, seals: SealFlags) -> OwnedFd {
        fcntl_add_seals(&memory, seals).unwrap();
        memory
    }

    fn refusal(memory: &OwnedFd, length: u64) -> String {
        Mapping::new(memory, length).unwrap_err().to_string()
    }

    #[test]
    fn sealed_memory_is_mapped() {
        let memory = sealed(memory(b"hello"), ALL);
        let mapping = Mapping::new(&memory, 5).unwrap();
        drop(memory);
        assert_eq!(mapping.as_ref(), b"hello");
    }

    #[test]
    fn a_seal_that_is_missing_is_named() {
        for (seal, name) in REQUIRED {
            let memory = sealed(memory(b"hello"), ALL.difference(seal));
            let refusal = refusal(&memory, 5);
            assert_eq!(refusal, format!("shared memory from the worker lacks the seal {name}"));
        }
        assert!(refusal(&memory(b"hello"), 5).contains("F_SEAL_SEAL"));
    }

    #[test]
    fn memory_that_old_mappings_can_write_is_refused() {
        let seals = ALL.difference(SealFlags::WRITE).union(SealFlags::FUTURE_WRITE);
        assert!(refusal(&sealed(memory(b"hello"), seals), 5).contains("F_SEAL_WRITE"));
    }

    #[test]
    fn holes_are_refused_wherever_they_are() {
        let page = 4096;
        let hole_behind = memory(b"hello");
        ftruncate(&hole_behind, 2 * page as u64).unwrap();
        let all = memory(b"");
        ftruncate(&all, 2 * page as u64).unwrap();
        let punched = memory(&vec![7; 3 * page]);
        let punch = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
        fallocate(&punched, punch, page as u64, page as u64).unwrap();
        // As many blocks as its length needs, but none where it needs them.
        let beyond = memory(b"");
        ftruncate(&beyond, page as u64).unwrap();
        fallocate(&beyond, FallocateFlags::KEEP_SIZE, 4 * page as u64, 4 * page as u64).unwrap();
        assert!(fstat(&beyond).unwrap().st_blocks * 512 >= page as i64);
        for (memory, pages) in [(hole_behind, 2), (all, 2), (punched, 3), (beyond, 1)] {
            let memory = sealed(memory, ALL);
            assert!(refusal(&memory, (pages * page) as u64).contains("hole"), "{pages} pages");
        }
    }

    #[test]
    fn lengths_are_the_files() {
        let short = sealed(memory(b"hello"), ALL);
        for claimed in [0, 4, 6, u64::MAX] {
            let expected = format!("shared memory from the worker has 5 bytes, it says {claimed}");
            assert_eq!(refusal(&short, claimed), expected);
        }
        assert!(refusal(&sealed(memory(b""), ALL), 0).contains("0 bytes"));
        let long = memory(b"");
        ftruncate(&long, 1 + MAX_SIZE as u64).unwrap();
        let length = 1 + MAX_SIZE as u64;
        assert!(refusal(&sealed(long, ALL), length).contains("the limit is"));
    }

    #[test]
    fn other_files_are_refused() {
        let (pipe, _writer) = std::io::pipe().unwrap();
        let file = File::open("/proc/self/exe").unwrap();
        for descriptor in [OwnedFd::from(pipe), OwnedFd::from(file)] {
            assert!(matches!(Mapping::new(&descriptor, 1), Err(MappingError::NotMemory)));
        }
    }
}
