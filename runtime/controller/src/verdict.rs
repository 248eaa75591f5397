//! How a script ended, from what its worker, its supervisor and the engine say.

use std::time::Duration;

use launchpod_exchange::protocol::control::Exited;
use launchpod_exchange::protocol::data::Failed;
use launchpod_sandbox::Fate;
use launchpod_types::SqlError;

use crate::config::Config;
use crate::error::{Ending, Failure, Resource};
use crate::messages::{self, Subject};
use crate::supervisor::Farewell;

/// The code that a worker exits with when it finds the protocol broken (PROTOCOL.md).
const EXIT_VIOLATION: i32 = 70;
/// The number of a signal (signal(7), on x86 and Arm).
const SIGBUS: i32 = 7;

/// The last that was heard on the data connection.
#[derive(Debug)]
pub(crate) enum Said {
    /// The script ended well.
    Done,
    /// The script failed.
    Failed(Failed),
    /// The connection was closed before either.
    Closed,
    /// What came is not legal; a sentence says what.
    Broken(String),
    /// The controller ended the script, and why.
    Ended(Ending),
}

/// All that is known.
#[derive(Debug)]
pub(crate) struct Evidence<'a> {
    pub(crate) subject: Subject<'a>,
    pub(crate) said: Said,
    pub(crate) farewell: Farewell,
    pub(crate) fate: Fate,
    pub(crate) config: &'a Config,
    pub(crate) time_limit: Option<Duration>,
    /// Whether connections outward were closed because nothing had passed for too long.
    pub(crate) has_idled: bool,
}

// === impl Said ===

impl Said {
    /// Whether it was decided here that the script ends, so that how it takes that says nothing.
    pub(crate) fn is_decided(&self) -> bool {
        matches!(self, Said::Ended(_) | Said::Broken(_))
    }
}

// === impl Evidence ===

impl Evidence<'_> {
    /// Whether the script succeeded, else the errors that say why not.
    pub(crate) fn judge(self) -> Result<(), Ending> {
        let circumstances = self.circumstances();
        self.weigh().map_err(|mut ending| {
            if matches!(ending.failure, Failure::Script | Failure::Resources(_)) {
                ending.errors.extend(circumstances);
            }
            ending
        })
    }

    /// What happened to the script's connections, whether or not that is why it failed.
    fn circumstances(&self) -> Vec<SqlError> {
        // The kernel doesn't say how often it refused more.
        let held_back = matches!(
            self.farewell,
            Farewell::Exited(Exited { tcp_peak: Some(peak), .. })
                if peak >= self.config.limits.tcp_memory
        );
        let held_back = held_back.then(|| messages::slow_connections(self.config));
        let idled = self.has_idled.then(|| messages::idle_connections(self.config));
        held_back.into_iter().chain(idled).collect()
    }

    fn weigh(self) -> Result<(), Ending> {
        let short_of = self.short_of();
        let resources = |resource| self.subject.resources(resource, self.config, self.time_limit);
        match (self.said, short_of) {
            (Said::Ended(ending), _) => Err(ending),
            (Said::Broken(cause), _) => Err(self.subject.protocol(&cause)),
            (Said::Done, _) if self.farewell.is_success() => Ok(()),
            (Said::Failed(failed), short_of) => {
                let Some(resource) = short_of.or(failed.exhausted.map(Resource::Within)) else {
                    return Err(self.subject.script(&failed.traceback));
                };
                let mut ending = resources(resource);
                ending.errors.push(messages::traceback(&failed.traceback));
                Err(ending)
            }
            (Said::Done | Said::Closed, Some(resource)) => Err(resources(resource)),
            (Said::Done | Said::Closed, None) => {
                Err(without_a_word(self.subject, self.farewell, self.fate, self.config))
            }
        }
    }

    fn short_of(&self) -> Option<Resource> {
        let exited = match self.farewell {
            Farewell::Exited(exited) => exited,
            Farewell::Verbose => return Some(Resource::Messages),
            _ => Exited::default(),
        };
        if exited.deadline_passed {
            Some(Resource::Time)
        } else if exited.cpu_limit_passed {
            Some(Resource::ProcessorTime)
        } else if exited.oom_kills > 0 || self.fate.out_of_memory {
            Some(Resource::Memory)
        } else if exited.pids_denied > 0 {
            Some(Resource::Processes)
        } else {
            None
        }
    }
}

/// What came is not legal.
pub(crate) fn broken(error: &dyn std::error::Error) -> Said {
    Said::Broken(format!("The worker or its script broke the worker protocol: {error}."))
}

// === impl Farewell ===

impl Farewell {
    /// Whether the language's process ended as it does after a script that ended well.
    pub(crate) fn is_success(self) -> bool {
        matches!(
            self,
            Farewell::Exited(Exited {
                code: Some(0),
                deadline_passed: false,
                cpu_limit_passed: false,
                ..
            })
        )
    }
}

fn without_a_word(subject: Subject<'_>, farewell: Farewell, fate: Fate, config: &Config) -> Ending {
    let how = match farewell {
        Farewell::Exited(Exited { code: Some(EXIT_VIOLATION), .. }) => {
            return subject.protocol(
                "The worker found its connection to the server unusable: the script may have \
                 closed it or written to it.",
            );
        }
        Farewell::Silent => {
            return subject.protocol("The script closed the worker's connection to the server.");
        }
        Farewell::Broken => {
            return subject.protocol("The worker's supervisor broke the worker protocol.");
        }
        // What a mapping of a full file system gives.
        Farewell::Exited(Exited { signal: Some(SIGBUS), .. }) => format!(
            "it was killed by signal {SIGBUS}, as is who writes to a mapping while /dev/shm is full: \
             the limit is {} MiB, shared_memory in the configuration",
            config.limits.shared_memory >> 20
        ),
        Farewell::Exited(Exited { signal: Some(signal), .. }) => {
            format!("it was killed by signal {signal}")
        }
        Farewell::Exited(Exited { code: Some(code), .. }) => format!("exit code {code}"),
        Farewell::Exited(_) => "how is not known".to_owned(),
        Farewell::Gone => format!("with its container: {}", fate.describe()),
        // Something ran out, which is judged before.
        Farewell::Verbose => "it wrote too much".to_owned(),
    };
    subject.runtime(&format!("The script's process ended before the script was complete ({how})."))
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use launchpod_exchange::protocol::data::Exhausted;
    use uuid::Uuid;

    use super::*;

    fn evidence(said: Said, farewell: Farewell) -> Evidence<'static> {
        static CONFIG: LazyLock<Config> = LazyLock::new(Config::default);
        Evidence {
            subject: Subject { language: "Python", request: Uuid::nil(), allotment: None },
            said,
            farewell,
            fate: Fate::default(),
            config: &CONFIG,
            time_limit: Some(Duration::from_secs(1)),
            has_idled: false,
        }
    }

    fn judge(said: Said, farewell: Farewell, fate: Fate) -> Vec<i32> {
        match (Evidence { fate, ..evidence(said, farewell) }).judge() {
            Ok(()) => Vec::new(),
            Err(ending) => ending.errors.iter().map(|error| error.number()).collect(),
        }
    }

    fn failed() -> Said {
        Said::Failed(Failed {
            traceback: "Traceback".to_owned(),
            exception: "ValueError".to_owned(),
            message: String::new(),
            exhausted: None,
        })
    }

    fn exited(exited: Exited) -> Farewell {
        Farewell::Exited(exited)
    }

    #[test]
    fn success_needs_done_and_code_0() {
        let ok = exited(Exited { code: Some(0), ..Exited::default() });
        assert!(judge(Said::Done, ok, Fate::default()).is_empty());
        let other = exited(Exited { code: Some(1), ..Exited::default() });
        assert_eq!(judge(Said::Done, other, Fate::default()), [39012, 39019]);
        assert_eq!(judge(Said::Done, Farewell::Gone, Fate::default()), [39012, 39019]);
        assert_eq!(judge(Said::Closed, ok, Fate::default()), [39012, 39019]);
    }

    #[test]
    fn a_failure_is_the_scripts_unless_something_ran_out() {
        let code = exited(Exited { code: Some(1), ..Exited::default() });
        assert_eq!(judge(failed(), code, Fate::default()), [39004, 39019]);
        let denied = exited(Exited { code: Some(1), pids_denied: 3, ..Exited::default() });
        assert_eq!(judge(failed(), denied, Fate::default()), [39127, 39019, 39019]);
        let Said::Failed(told) = failed() else { panic!("a failure") };
        let full = Said::Failed(Failed { exhausted: Some(Exhausted::ScratchSize), ..told });
        assert_eq!(judge(full, code, Fate::default()), [39127, 39019, 39019]);
    }

    #[test]
    fn what_ran_out_is_named() {
        let killed = exited(Exited { signal: Some(9), ..Exited::default() });
        let oom = Fate { out_of_memory: true, ..Fate::default() };
        assert_eq!(judge(Said::Closed, killed, oom), [39127, 39019]);
        assert_eq!(judge(Said::Closed, killed, Fate::default()), [39012, 39019]);
        let late = exited(Exited { signal: Some(9), deadline_passed: true, ..Exited::default() });
        assert_eq!(judge(Said::Closed, late, Fate::default()), [39127, 39019]);
        assert_eq!(judge(Said::Done, late, Fate::default()), [39127, 39019]);
        let busy = exited(Exited { signal: Some(9), cpu_limit_passed: true, ..Exited::default() });
        assert_eq!(judge(Said::Closed, busy, Fate::default()), [39127, 39019]);
        assert_eq!(judge(Said::Closed, Farewell::Verbose, Fate::default()), [39127, 39019]);
    }

    #[test]
    fn connections_that_were_held_back_are_told_of() {
        let most = Some(Config::default().limits.tcp_memory);
        let late = exited(Exited { tcp_peak: most, deadline_passed: true, ..Exited::default() });
        assert_eq!(judge(Said::Closed, late, Fate::default()), [39127, 39019, 39019]);
        let code = exited(Exited { tcp_peak: most, code: Some(0), ..Exited::default() });
        assert_eq!(judge(failed(), code, Fate::default()), [39004, 39019, 39019]);
        let less = exited(Exited { tcp_peak: most.map(|most| most - 1), ..Exited::default() });
        assert_eq!(judge(failed(), less, Fate::default()), [39004, 39019]);
        assert!(judge(Said::Done, code, Fate::default()).is_empty());
    }

    #[test]
    fn idle_connections_that_were_closed_are_told_of() {
        let idled = |said, farewell| {
            let evidence = Evidence { has_idled: true, ..evidence(said, farewell) };
            evidence.judge().map_err(|ending| ending.errors)
        };
        let code = exited(Exited { code: Some(1), ..Exited::default() });
        let errors = idled(failed(), code).unwrap_err();
        let last = &errors.last().unwrap().0.text;
        assert!(last.contains("300 s without a byte (outbound_idle_timeout in"), "{last}");
        assert_eq!(errors.len(), 3);
        let well = exited(Exited { code: Some(0), ..Exited::default() });
        assert!(idled(Said::Done, well).is_ok());
    }

    #[test]
    fn a_closed_or_broken_channel_is_39013() {
        let violation = exited(Exited { code: Some(70), ..Exited::default() });
        assert_eq!(judge(Said::Closed, violation, Fate::default()), [39013, 39019]);
        assert_eq!(judge(Said::Closed, Farewell::Silent, Fate::default()), [39013, 39019]);
        let broken = Said::Broken("rubbish".to_owned());
        assert_eq!(judge(broken, Farewell::Gone, Fate::default()), [39013, 39019]);
    }
}
