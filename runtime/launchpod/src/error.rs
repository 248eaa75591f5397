//! Errors at the top.

/// An error that is only ever printed, with its causes.
pub type Error = Box<dyn std::error::Error + Send + Sync>;
