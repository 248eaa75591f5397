//! How far a request has come.

use std::time::{Duration, Instant};

use launchpod_sandbox::Startup;

use crate::report::{Report, Stage};
use crate::request::ScriptRequest;

/// The report as it grows, with a clock that runs from stage to stage.
#[derive(Clone, Debug)]
pub(crate) struct Progress {
    pub(crate) report: Report,
    /// How many result sets have been begun: 0 or 1.
    pub(crate) sets_sent: usize,
    mark: Instant,
}

// === impl Progress ===

impl Progress {
    pub(crate) fn new(request: &ScriptRequest) -> Self {
        let report =
            Report { request: request.id, language: request.language.clone(), ..Report::default() };
        Progress { report, sets_sent: 0, mark: Instant::now() }
    }

    /// A stage ends here: its time is what has passed since the last one ended. Said again, it
    /// changes nothing.
    pub(crate) fn reached(&mut self, stage: Stage) {
        if self.report.stages.get(stage).is_some() {
            return;
        }
        let now = Instant::now();
        self.report.stages.set(stage, now - self.mark);
        self.mark = now;
    }

    /// A worker has been had, which took what its making says. (Of a worker made ahead, only
    /// what was waited for counts.)
    pub(crate) fn leased(&mut self, startup: Startup) {
        let now = Instant::now();
        let mut waited = now - self.mark;
        self.mark = now;
        let stages = [
            (Stage::Ready, startup.ready),
            (Stage::Start, startup.start),
            (Stage::Create, Duration::MAX),
        ];
        for (stage, took) in stages {
            let took = took.min(waited);
            self.report.stages.set(stage, took);
            waited -= took;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_made_ahead_costs_only_what_was_waited_for() {
        let mut progress = Progress::new(&ScriptRequest::example());
        progress.reached(Stage::Admit);
        let second = Duration::from_secs(1);
        progress.leased(Startup { create: second, start: second, ready: second });
        let stages = progress.report.stages;
        assert!(stages.total() < second);
        assert_eq!(stages.get(Stage::Create), Some(Duration::ZERO));
    }
}
