//! Progress on standard error: one line that is rewritten on a terminal, lines elsewhere.

use std::io::{IsTerminal as _, Write as _};
use std::time::Instant;

/// Shows what is going on.
pub struct Progress {
    begun: Instant,
    /// Whether lines can be rewritten.
    live: bool,
}

// === impl Progress ===

impl Progress {
    /// Progress on standard error.
    pub fn new() -> Self {
        Progress { begun: Instant::now(), live: std::io::stderr().is_terminal() }
    }

    /// Whether it is shown to a person as it changes.
    pub fn is_live(&self) -> bool {
        self.live
    }

    /// What is being done now.
    pub fn step(&self, text: &str) {
        let seconds = self.begun.elapsed().as_secs();
        self.write(&format!("[{seconds:>3} s] {text}"), false);
    }

    /// What the user should keep seeing.
    pub fn keep(&self, text: &str) {
        self.write(text, true);
    }

    /// Removes the line that is rewritten, before other output.
    pub fn clear(&self) {
        self.write("", false);
    }

    /// A step of an image's build.
    pub fn image(&self, event: launchpod_image::Progress<'_>) {
        match event {
            launchpod_image::Progress::Stage { stage, detail } => {
                self.step(&format!("image: {stage}: {detail}"));
            }
            launchpod_image::Progress::Warning(text) => self.keep(&format!("warning: {text}")),
        }
    }

    fn write(&self, text: &str, keep: bool) {
        let mut stderr = std::io::stderr().lock();
        // Progress that can't be shown is no reason to stop.
        let _ = match (self.live, keep) {
            (false, _) if text.is_empty() => Ok(()),
            (false, _) => writeln!(stderr, "{text}"),
            (true, true) => writeln!(stderr, "\r\x1b[K{text}"),
            (true, false) => write!(stderr, "\r\x1b[K{text}"),
        };
        let _ = stderr.flush();
    }
}
