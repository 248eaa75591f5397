//! How far a request has come.

use std::sync::Arc;
use std::time::{Duration, Instant};

use launchpod_outbound::Tally;
use launchpod_sandbox::Startup;

use crate::report::{Report, Stage};
use crate::request::ScriptRequest;
use crate::usage::Usage;

/// The report as it grows, with a clock that runs from stage to stage.
#[derive(Clone, Debug)]
pub(crate) struct Progress {
    pub(crate) report: Report,
    /// How many result sets have been begun: 0 or 1.
    pub(crate) sets_sent: usize,
    /// What is asked of the way out, by all workers of the request.
    pub(crate) outbound: Arc<Tally>,
    /// What all workers of the request have used.
    pub(crate) usage: Usage,
    begun: Instant,
    mark: Instant,
}

// === impl Progress ===

impl Progress {
    /// Begins with a request, which may send so many bytes outward.
    pub(crate) fn new(request: &ScriptRequest, outbound_bytes: u64) -> Self {
        let report =
            Report { request: request.id, language: request.language.clone(), ..Report::default() };
        let now = Instant::now();
        let outbound = Arc::new(Tally::new(outbound_bytes));
        let usage = Usage::default();
        Progress { report, sets_sent: 0, outbound, usage, begun: now, mark: now }
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

    /// The request is over: the report, with the whole time. What has passed since the last stage
    /// ended is the time of the one that was under way; of a worker that never came, [`Stage::Create`].
    pub(crate) fn end(mut self) -> Report {
        let under_way =
            Stage::ALL.into_iter().find(|stage| self.report.stages.get(*stage).is_none());
        if let Some(stage) = under_way {
            self.reached(stage);
            self.report.took = self.mark - self.begun;
        } else {
            self.report.took = self.begun.elapsed();
        }
        self.report.outbound = self.outbound.counts();
        let used = self.usage.total();
        (self.report.cpu, self.report.peak_memory) = (used.cpu, used.peak_memory);
        self.report
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_made_ahead_costs_only_what_was_waited_for() {
        let mut progress = Progress::new(&ScriptRequest::example(), 0);
        progress.reached(Stage::Admit);
        let second = Duration::from_secs(1);
        progress.leased(Startup { create: second, start: second, ready: second });
        let stages = progress.report.stages;
        assert!(stages.total() < second);
        assert_eq!(stages.get(Stage::Create), Some(Duration::ZERO));
    }

    #[test]
    fn what_ends_midway_has_its_whole_time() {
        let mut progress = Progress::new(&ScriptRequest::example(), 0);
        progress.reached(Stage::Admit);
        progress.leased(Startup::default());
        progress.reached(Stage::Input);
        let span = Duration::from_millis(20);
        std::thread::sleep(span);
        let report = progress.end();
        assert!(report.stages.get(Stage::Script).unwrap() >= span);
        assert_eq!(report.stages.get(Stage::Output), None);
        assert_eq!(report.stages.total(), report.took);
    }

    #[test]
    fn what_ends_well_leaves_no_stage_open() {
        let mut progress = Progress::new(&ScriptRequest::example(), 0);
        Stage::ALL.into_iter().for_each(|stage| progress.reached(stage));
        let before = progress.report.stages;
        let report = progress.end();
        assert_eq!(report.stages, before);
        assert!(report.took >= before.total());
    }
}
