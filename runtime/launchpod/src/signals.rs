//! SIGTERM and SIGINT: what is made is taken away before the program ends.

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::error::Error;

/// The exit code of a program that SIGINT ended, as shells have it.
const INTERRUPTED: i32 = 130;

/// A token that the first SIGTERM or SIGINT fires. A SIGINT after it ends the program at once.
///
/// # Errors
/// When the signals can't be listened to.
pub fn stop_on_signals() -> Result<CancellationToken, Error> {
    let stop = CancellationToken::new();
    let fired = stop.clone();
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        fired.cancel();
        interrupt.recv().await;
        std::process::exit(INTERRUPTED);
    });
    Ok(stop)
}
