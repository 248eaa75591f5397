//! One leased worker, from REQUEST to EXITED.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use launchpod_exchange::protocol::control::{Door, Exited, Start, ToSupervisor};
use launchpod_sandbox::{Fate, Used, Worker};
use tokio::sync::{mpsc, watch};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::connections::{Connections, Most, Ways};
use crate::error::{Ending, Resource};
use crate::feed::Feed;
use crate::leaving::{KILL_WAIT, Leaving};
use crate::messages::Subject;
use crate::progress::Progress;
use crate::quota::Quota;
use crate::result_set::ResultSet;
use crate::run::ScriptEvent;
use crate::supervisor::{Farewell, Listener, Unheard};
use crate::talk::{Job, Talk};
use crate::verdict::{Evidence, Said};

/// How long the engine gets to say how a container ended that ended without a word.
const FATE_WAIT: Duration = Duration::from_secs(1);

/// How the kernel ends a process for want of memory, among others.
const SIGKILL: i32 = 9;

/// What every worker of a request is driven with.
pub(crate) struct Drive<'a> {
    pub(crate) subject: Subject<'a>,
    pub(crate) config: &'a Config,
    pub(crate) job: &'a Job,
    pub(crate) time_limit: Option<Duration>,
    pub(crate) ways: &'a Ways,
    pub(crate) result_set: &'a ResultSet<'a>,
    pub(crate) quota: &'a Quota,
    pub(crate) events: &'a mpsc::Sender<ScriptEvent>,
    pub(crate) leaving: &'a Leaving,
}

// === impl Drive ===

impl Drive<'_> {
    /// Runs the script in a worker, which is gone or going when this returns (or is dropped).
    /// What a script that ended well leaves are its OUTPUT parameters, as an Arrow stream.
    pub(crate) async fn run(
        &self,
        worker: Worker,
        feed: Option<Feed>,
        progress: &mut Progress,
    ) -> Result<Vec<u8>, Ending> {
        let Drive { subject, config, time_limit, .. } = *self;
        let overdue = async {
            match time_limit {
                // The supervisor keeps the limit. This is for one that can't.
                Some(limit) => sleep(limit + config.grace).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            result = self.follow(worker, feed, progress) => result,
            () = overdue => Err(subject.resources(Resource::Time, config, time_limit)),
        }
    }

    async fn follow(
        &self,
        worker: Worker,
        feed: Option<Feed>,
        progress: &mut Progress,
    ) -> Result<Vec<u8>, Ending> {
        let Drive { subject, config, job, time_limit, ways, result_set, quota, events, leaving } =
            *self;
        let _heard = leaving.hear();
        let tally = Arc::clone(&progress.outbound);
        let Worker { control, data, conversation, ready, early_output, .. } = worker;
        let Worker { mut fate, gauge, lease, .. } = worker;
        let mut meter = progress.usage.meter(gauge);
        let (control, mut to_supervisor) = control.split();
        let (receiver, sender) = data.split();
        let (over, gone) = (CancellationToken::new(), CancellationToken::new());
        let kill = CancellationToken::new();
        let most = Most::of(config);
        let connections = Connections::new(ways.clone(), most);

        let start = Start {
            deadline_ms: milliseconds(time_limit),
            cpu_limit_ms: milliseconds(config.cpu_limit),
            loopback: connections.are_allowed(Door::Loopback),
            outbound: connections.are_allowed(Door::Outbound),
            connections: most.with_waiting(),
        };
        let start = encode(subject, ToSupervisor::Start(start))?;
        // A supervisor that is gone is found by listening to it.
        let _ = to_supervisor.send(&start).await;

        let listener = Listener {
            receiver: control,
            sender: to_supervisor,
            connections,
            events,
            quota,
            over: over.clone(),
            kill: kill.clone(),
        };
        let mut talk = Talk {
            subject,
            receiver,
            sender,
            conversation,
            result_set,
            quota,
            config,
            time_limit,
            feed,
            in_parts: job.request.parts,
            shares_memory: config.shared_memory && ready.shared_memory,
            events,
            progress,
            gone: gone.clone(),
            output: None,
            converter: None,
            results: Vec::new(),
        };
        let (said, farewell) = {
            let mut listening = pin!(listener.listen(early_output));
            let talking = pin!(talk.run(job));
            let talking = async {
                tokio::select! {
                    said = talking => said,
                    () = leaving.begun() => Said::Ended(Ending::cancelled()),
                    () = tally.exceeded() => Said::Ended(
                        subject.resources(Resource::OutboundBytes, config, time_limit)
                    ),
                }
            };
            let talking = pin!(talking);
            let both = both(talking, listening.as_mut(), &over, &gone);
            let (said, farewell) = tokio::select! {
                both = both => both?,
                never = meter.watch() => match never {},
            };
            let farewell = match farewell {
                Some(farewell) => farewell,
                // Decided here, so how the worker takes its end says nothing; but what the
                // script had written by then is heard, if that is quick.
                None => {
                    kill.cancel();
                    let heard = timeout(KILL_WAIT, listening).await;
                    heard.unwrap_or(Ok(Farewell::Silent)).map_err(|Unheard| Ending::cancelled())?
                }
            };
            (said, farewell)
        };
        let said = match said {
            Said::Done if farewell.is_success() => talk.end().await,
            said => said,
        };
        let results = std::mem::take(&mut talk.results);
        drop(talk);
        // At once: a cgroup isn't there for long after its last process, nor is who waits for more
        // when the request is cancelled.
        meter.look();
        if let Farewell::Exited(exited) = farewell {
            meter.tell(used(exited));
        }
        let fate = last_fate(&mut fate, farewell, said.is_decided()).await;
        meter.note(fate.used);
        drop(meter);
        let has_idled = tally.counts().idle > 0;
        let evidence = Evidence { subject, said, farewell, fate, config, time_limit, has_idled };
        // Whatever is left of the worker goes now, while the errors are on their way.
        drop(lease);
        evidence.judge()?;
        Ok(results)
    }
}

/// Follows both connections to their ends. The supervisor is heard to its end after the script
/// has said all, because the script's last output is there; what the script has sent is read
/// to its end after the supervisor has gone. No farewell when the controller itself has
/// decided on the script's end.
async fn both(
    mut talking: Pin<&mut impl Future<Output = Said>>,
    mut listening: Pin<&mut impl Future<Output = Result<Farewell, Unheard>>>,
    over: &CancellationToken,
    gone: &CancellationToken,
) -> Result<(Said, Option<Farewell>), Ending> {
    let mut farewell = None;
    let said = loop {
        tokio::select! {
            said = &mut talking => break said,
            heard = &mut listening, if farewell.is_none() => {
                let heard = heard.map_err(|Unheard| Ending::cancelled())?;
                farewell = Some(heard);
                if heard.is_final() {
                    break Said::Closed;
                }
                gone.cancel();
            }
        }
    };
    over.cancel();
    if farewell.is_none() && !said.is_decided() {
        farewell = Some(listening.await.map_err(|Unheard| Ending::cancelled())?);
    }
    Ok((said, farewell))
}

/// What the engine says of the container, waiting for it where the supervisor said too little of an
/// end that wasn't decided here.
async fn last_fate(fate: &mut watch::Receiver<Fate>, farewell: Farewell, decided: bool) -> Fate {
    let unexplained = match farewell {
        Farewell::Gone => true,
        Farewell::Exited(_) if decided => false,
        Farewell::Exited(exited) => {
            let explained = exited.deadline_passed || exited.cpu_limit_passed;
            exited.signal == Some(SIGKILL) && exited.oom_kills == 0 && !explained
        }
        Farewell::Silent | Farewell::Broken | Farewell::Verbose => false,
    };
    if unexplained {
        // Within the limit or not: what is known by then counts.
        let _ = timeout(FATE_WAIT, fate.wait_for(Fate::ended)).await;
    }
    *fate.borrow()
}

/// What a supervisor says that its worker has used.
fn used(exited: Exited) -> Used {
    let largest_process = exited.max_rss_kib.saturating_mul(1 << 10);
    Used {
        cpu: Some(Duration::from_millis(exited.cpu_ms)),
        peak_memory: Some(exited.peak_memory.unwrap_or(largest_process)),
    }
}

fn encode(subject: Subject<'_>, message: ToSupervisor) -> Result<Vec<u8>, Ending> {
    let mut frame = Vec::new();
    message.encode(&mut frame).map_err(|error| subject.internal(&error.to_string()))?;
    Ok(frame)
}

/// 0 for no limit, as START has it; a limit is at least 1.
fn milliseconds(limit: Option<Duration>) -> u64 {
    limit.map_or(0, |limit| limit.as_millis().try_into().unwrap_or(u64::MAX).max(1))
}
