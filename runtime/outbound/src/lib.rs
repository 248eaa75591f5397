//! The way out of a worker: a proxy that reaches the hosts and ports on a list, and nothing else.
//!
//! It speaks HTTP/1.1 (RFC 9110, 9112) with whatever is at the other end of a socket, which is a
//! script's: `CONNECT` to a listed host and port gives a blind tunnel, a request in absolute form
//! is passed on. Names are resolved here, so that a script needs no resolver.
//!
//! | module | what it knows |
//! | --- | --- |
//! | `destination` | a host and a port, as they are compared |
//! | `allowed` | the list |
//! | `addresses` | where a listed name may lead, and the connection to it |
//! | `proxy` | a script's connection, from its first byte to its last |
//! | `forward` | a request that is passed on |
//! | `activity` | when the last byte was moved, and how many |
//! | `tally` | what has been asked for and sent, counted, limited and logged |

#![forbid(unsafe_code)]

mod activity;
mod addresses;
mod allowed;
mod destination;
mod forward;
mod proxy;
mod tally;

pub use allowed::{Allowed, Entry, EntryError};
pub use destination::{Destination, DestinationError};
pub use proxy::Proxy;
pub use tally::{Counts, Tally};
