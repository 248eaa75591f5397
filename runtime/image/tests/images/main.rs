//! Images in a real engine, from the mirror's packages: needs Docker, root, and the host's own
//! Debian and Python package sources.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod lifecycle;
mod repeatable;
mod support;
