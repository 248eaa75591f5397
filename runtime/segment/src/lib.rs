//! Memory that the controller and a worker share instead of copying it through a socket.
//!
//! | who writes | what it is | who checks |
//! | --- | --- | --- |
//! | the controller | a [`Slot`]: it can't change its size, and is written again and again | nobody: the controller never reads it |
//! | a worker | a [`Mapping`]: sealed, so that what was checked stays as it was | [`Mapping::new`], before it maps |
//!
//! Both are memfds (memfd_create(2)) of at most [`MAX_SIZE`] bytes.

mod mapping;
mod slot;

pub use mapping::{Mapping, MappingError};
pub use slot::Slot;

/// The most bytes of a segment.
pub const MAX_SIZE: usize = 32 << 20;
