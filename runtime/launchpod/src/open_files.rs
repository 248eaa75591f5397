//! How many files this process may have open: each client is one, a script several.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tracing::warn;

/// Raises the limit to what the system allows at most. The soft limit is 1024 on most systems, for the
/// sake of programs that use select(2); so many clients that don't even log in would keep all
/// others out.
pub fn raise_limit() {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current == maximum {
        return;
    }
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }) {
        warn!(%error, limit = current, "Can't raise the limit of open files");
    }
}
