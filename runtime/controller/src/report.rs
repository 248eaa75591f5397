//! Where a request's time went, and what it used.

use std::fmt;
use std::time::Duration;

use launchpod_outbound::Counts;
use uuid::Uuid;

/// What is known of a request after its end; the seed of a history row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// The request.
    pub request: Uuid,
    /// The language as configured (as typed when it is unknown).
    pub language: String,
    /// The environment the language is bound to; empty until it is known.
    pub environment: String,
    /// The image's ID as the engine gives it; empty until it is known.
    pub image_id: String,
    /// The hash of the lock that the image was built from; empty until it is known.
    pub lock_hash: String,
    /// The engine's ID of the container; empty when none was made.
    pub container_id: String,
    /// The container's name; empty when none was made.
    pub container_name: String,
    /// What ran, e.g. `Python 3.11.7`; empty until the worker was ready.
    pub runtime: String,
    /// How long it took in all, whatever became of it.
    pub took: Duration,
    /// How long each stage took; the one in which a request failed or was cancelled, until then.
    pub stages: Stages,
    /// Rows of the input that the worker took; like those of the result and the processor time,
    /// of all workers together. Container and stages are the first worker's.
    pub rows_in: u64,
    /// Rows of the result.
    pub rows_out: u64,
    /// Bytes of the input as they went to the worker.
    pub bytes_in: u64,
    /// Bytes of the result as they came from the worker.
    pub bytes_out: u64,
    /// Processor time of the script, when the worker's supervisor could tell; of a worker that is
    /// lost or was left what was seen of it from outside.
    pub cpu: Option<Duration>,
    /// The most memory that one worker used at once, in bytes: all that counts for its limit,
    /// else the greatest resident set of one of its processes; known as the processor time is.
    pub peak_memory: Option<u64>,
    /// What the script has asked of the way out.
    pub outbound: Counts,
}

/// A part of a request's way. The stages follow each other; the time between two is the
/// later one's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Until a worker account is free and the image known.
    Admit,
    /// Until the engine has made the container.
    Create,
    /// Until the worker's supervisor has connected.
    Start,
    /// Until the language is ready (its imports done).
    Ready,
    /// Until the script has taken its input (or has all it wants).
    Input,
    /// Until the script's first output, or its end when it has none.
    Script,
    /// Until the last row has been handed on, and the OUTPUT values.
    Output,
}

/// How long each stage of a request took; a stage that was not reached has no time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stages([Option<Duration>; Stage::ALL.len()]);

// === impl Report ===

impl Report {
    /// Adds what a further worker of the request did.
    pub(crate) fn add(&mut self, other: &Report) {
        self.rows_in += other.rows_in;
        self.rows_out += other.rows_out;
        self.bytes_in += other.bytes_in;
        self.bytes_out += other.bytes_out;
    }
}

// === impl Stage ===

impl Stage {
    /// All stages, in order.
    pub const ALL: [Stage; 7] = [
        Stage::Admit,
        Stage::Create,
        Stage::Start,
        Stage::Ready,
        Stage::Input,
        Stage::Script,
        Stage::Output,
    ];

    /// The stage's name in logs and reports.
    pub fn name(self) -> &'static str {
        match self {
            Stage::Admit => "admit",
            Stage::Create => "create",
            Stage::Start => "start",
            Stage::Ready => "ready",
            Stage::Input => "input",
            Stage::Script => "script",
            Stage::Output => "output",
        }
    }
}

// === impl Stages ===

impl Stages {
    /// How long a stage took; `None` when it was not reached.
    pub fn get(&self, stage: Stage) -> Option<Duration> {
        self.0[stage as usize]
    }

    /// All stages that were reached, in order.
    pub fn iter(&self) -> impl Iterator<Item = (Stage, Duration)> {
        Stage::ALL.into_iter().filter_map(|stage| Some((stage, self.get(stage)?)))
    }

    /// The sum of all stages.
    pub fn total(&self) -> Duration {
        self.0.iter().flatten().sum()
    }

    pub(crate) fn set(&mut self, stage: Stage, took: Duration) {
        self.0[stage as usize] = Some(took);
    }
}

/// `admit=0 create=41 …`, in milliseconds.
impl fmt::Display for Stages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (stage, took)) in self.iter().enumerate() {
            let space = if index == 0 { "" } else { " " };
            write!(f, "{space}{}={}", stage.name(), took.as_millis())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_that_were_not_reached_are_left_out() {
        let mut stages = Stages::default();
        stages.set(Stage::Start, Duration::from_millis(250));
        stages.set(Stage::Admit, Duration::from_millis(3));
        assert_eq!(stages.to_string(), "admit=3 start=250");
        assert_eq!(stages.total(), Duration::from_millis(253));
        assert_eq!(stages.get(Stage::Output), None);
    }

    #[test]
    fn every_stage_has_a_place_of_its_own() {
        for (index, stage) in Stage::ALL.into_iter().enumerate() {
            assert_eq!(stage as usize, index);
        }
    }
}
