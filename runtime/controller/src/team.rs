//! The workers of one request: one, or several with a share of the input each.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::try_join_all;
use launchpod_exchange::protocol::data::Request;
use launchpod_exchange::scalars;
use launchpod_exchange::stream::Limits as StreamLimits;
use launchpod_exchange::wire::Wire;
use launchpod_outbound::{Proxy, Tally};
use launchpod_sandbox::{Backend, Network, Worker, WorkerSpec};
use launchpod_types::Parameter;
use tokio::sync::{Barrier, mpsc};
use tracing::info;

use crate::config::Config;
use crate::connections::Ways;
use crate::drive::Drive;
use crate::error::Ending;
use crate::feed::Feed;
use crate::leaving::Leaving;
use crate::messages::{self, Subject};
use crate::pools::Room;
use crate::progress::Progress;
use crate::quota::Quota;
use crate::report::Stage;
use crate::request::{Expected, ScriptRequest};
use crate::result_set::ResultSet;
use crate::run::ScriptEvent;
use crate::source::{LastTaker, Source};
use crate::talk::Job;

/// A request that has passed all checks that need no worker.
pub(crate) struct Plan {
    job: Job,
    source: Option<(Source, Wire)>,
    parameters: Vec<Parameter>,
    expected: Expected,
    time_limit: Option<Duration>,
    max_workers: usize,
    ways: Ways,
}

/// The workers that a request gets.
pub(crate) struct Order<'a> {
    pub(crate) spec: WorkerSpec,
    /// How many: at least 1.
    pub(crate) workers: usize,
    /// A hash of the identity that they are for.
    pub(crate) identity: String,
    /// What their pool has.
    pub(crate) room: &'a Room,
    /// The word to end them.
    pub(crate) leaving: &'a Leaving,
}

/// One request's workers at work.
struct Team<'a> {
    drive: &'a Drive<'a>,
    backend: &'a dyn Backend,
    spec: WorkerSpec,
    identity: String,
    room: &'a Room,
    /// Where they wait for each other, so that the first to be ready doesn't take all rows.
    ready: Barrier,
    is_several: bool,
}

// === impl Plan ===

impl Plan {
    /// Checks types and encodes scalars: what is refused is refused before a worker is made. What
    /// the script asks the way out for is counted in `tally`.
    pub(crate) fn new(
        subject: Subject<'_>,
        config: &Config,
        network: &Network,
        request: ScriptRequest,
        tally: &Arc<Tally>,
    ) -> Result<Self, Ending> {
        let source = match request.input {
            Some(input) => {
                let wire = Wire::new(&input.columns, config.type_mapping).map_err(|error| {
                    let name = error.sql_type.name();
                    Ending::refused(subject.unsupported_column(error.index, name))
                })?;
                Some((Source::new(input), wire))
            }
            None => None,
        };
        let parameters = scalars::encode(&request.parameters, config.type_mapping)
            .map_err(|error| unsendable(subject, &request.parameters, &error))?;
        let result_types = match &request.expected {
            Expected::Undefined | Expected::Named => None,
            Expected::Sets(sets) => sets
                .first()
                .map(|columns| columns.iter().map(|column| column.sql_type.to_string()).collect()),
        };
        let time_limit = [request.time_limit, config.time_limit].into_iter().flatten().min();
        let job = Job {
            request: Request {
                id: request.id.to_string(),
                input_name: request.input_name,
                output_name: request.output_name,
                has_input: source.is_some(),
                parts: source.as_ref().is_some_and(|(source, _)| source.parts().any()),
                result_types,
                type_mapping: config.type_mapping,
                // As each worker can.
                shared_memory: false,
            },
            script: request.script,
            parameters,
            wants_results: request.parameters.iter().any(|parameter| parameter.output),
        };
        let outbound = network.hosts().map(|allowed| {
            Arc::new(Proxy::new(Arc::clone(allowed), Arc::clone(tally), config.outbound_idle))
        });
        let max_workers = request.max_workers.min(config.parallel_workers).max(1);
        Ok(Plan {
            job,
            source,
            parameters: request.parameters,
            expected: request.expected,
            time_limit,
            max_workers: usize::try_from(max_workers).unwrap_or(1),
            ways: Ways { loopback: request.loopback.filter(|_| network.loopback), outbound },
        })
    }

    /// How many workers the request is worth. Waits for the input's first rows where that may
    /// be more than one.
    pub(crate) async fn worth(&mut self, subject: Subject<'_>) -> Result<usize, Ending> {
        match &mut self.source {
            Some((source, _)) if self.max_workers > 1 => {
                source.worth(self.max_workers).await.map_err(|error| error.ending(subject))
            }
            _ => Ok(1),
        }
    }

    /// Runs the script in so many workers, which are gone or going when this returns (or is
    /// dropped). The first error ends all.
    pub(crate) async fn run(
        self,
        subject: Subject<'_>,
        config: &Config,
        backend: &dyn Backend,
        Order { spec, workers, identity, room, leaving }: Order<'_>,
        progress: &mut Progress,
        events: &mpsc::Sender<ScriptEvent>,
    ) -> Result<(), Ending> {
        let several = workers > 1 || self.job.request.parts;
        let result_set = ResultSet::new(&self.expected, several, config.refuse_non_finite, events);
        let quota = Quota::new(config.caps);
        let drive = Drive {
            subject,
            config,
            job: &self.job,
            time_limit: self.time_limit,
            ways: &self.ways,
            result_set: &result_set,
            quota: &quota,
            events,
            leaving,
        };
        let last_taker =
            self.source.as_ref().map_or_else(LastTaker::default, |(source, _)| source.last_taker());
        let mut feeds: Vec<Option<Feed>> = match self.source {
            Some((source, wire)) => {
                Feed::share(source, &wire, workers).into_iter().map(Some).collect()
            }
            None => vec![None],
        };
        let ready = Barrier::new(workers);
        let is_several = workers > 1;
        let team = Team { drive: &drive, backend, spec, identity, room, ready, is_several };
        let mut others = vec![progress.clone(); workers - 1];
        let ends = try_join_all(
            std::iter::once(&mut *progress)
                .chain(&mut others)
                .zip(feeds.drain(..))
                .map(|(progress, feed)| team.work(feed, progress)),
        )
        .await;
        for other in others {
            progress.report.add(&other.report);
        }
        progress.sets_sent = result_set.sets_sent();
        let ends = ends?;

        let (declared, sent) = (self.expected.declared(), progress.sets_sent);
        if declared > sent {
            return Err(Ending::result(messages::too_few_sets(declared, sent)));
        }
        if self.job.wants_results {
            // Of the worker that ran with the input's last rows.
            let results = ends.get(last_taker.get()).map_or(&[][..], Vec::as_slice);
            let limits = StreamLimits::default();
            let values =
                scalars::decode(results, &self.parameters, limits, config.refuse_non_finite)
                    .map_err(|error| unusable(subject, &error))?;
            events.send(ScriptEvent::Outputs(values)).await.map_err(|_| Ending::cancelled())?;
        }
        progress.reached(Stage::Output);
        Ok(())
    }
}

// === impl Team ===

impl Team<'_> {
    /// One worker from its making to its end.
    async fn work(
        &self,
        mut feed: Option<Feed>,
        progress: &mut Progress,
    ) -> Result<Vec<u8>, Ending> {
        let subject = self.drive.subject;
        let worker = self.backend.acquire(&self.spec).await;
        let worker = worker.map_err(|error| subject.sandbox(&error))?;
        // The record of the lease: a worker may be older than its request, so nothing of the
        // worker itself can name it.
        info!(identity = self.identity, worker = worker.container.name, "worker leased");
        if self.drive.job.request.parts && !worker.ready.runs_parts() {
            return Err(subject.launch(NO_PARTS));
        }
        note(&worker, progress);
        let _share = self.room.share(self.spec.limits.millicpus, Arc::clone(&worker.throttle));
        self.ready.wait().await;
        if self.is_several
            && let Some(feed) = &mut feed
            && !feed.reserve().await.map_err(|error| error.ending(subject))?
        {
            // The others have taken all rows.
            return Ok(Vec::new());
        }
        self.drive.run(worker, feed, progress).await
    }
}

const NO_PARTS: &str = "The image's worker is older than this program and runs a script once only. \
    Rebuild the image: launchpod image build python";

fn note(worker: &Worker, progress: &mut Progress) {
    progress.leased(worker.startup);
    let report = &mut progress.report;
    report.container_id.clone_from(&worker.container.id);
    report.container_name.clone_from(&worker.container.name);
    report.runtime.clone_from(&worker.ready.runtime);
}

fn unsendable(
    subject: Subject<'_>,
    parameters: &[Parameter],
    error: &scalars::EncodeError,
) -> Ending {
    match error {
        scalars::EncodeError::Unsupported(unsupported) => {
            let name = parameters.get(unsupported.index).map_or("", |parameter| &parameter.name);
            Ending::refused(subject.unsupported_parameter(name))
        }
        other => subject.internal(&format!("{other}.")),
    }
}

fn unusable(subject: Subject<'_>, error: &scalars::DecodeError) -> Ending {
    let sql_error = match error {
        scalars::DecodeError::Value(error) => error.scalar_error(),
        _ => None,
    };
    sql_error.map_or_else(|| subject.protocol(&format!("{error}.")), Ending::result)
}
