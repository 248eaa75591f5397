//! The data connection: between the controller and the language's process.

use std::str::FromStr;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::frame::{self, Frame, FrameError, Kind};

/// Says what is wanted; script and scalars follow in frames of their own, so that neither is
/// bounded by a frame.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The request's UUID, as logs name it.
    pub id: String,
    /// The variable that the input is bound to.
    pub input_name: String,
    /// The variable that the output is read from.
    pub output_name: String,
    /// Whether there is input to PULL.
    pub has_input: bool,
    /// Whether the input comes in parts, for each of which the script runs. Only for a worker
    /// that [`Ready::runs_parts`].
    #[serde(default)]
    pub parts: bool,
    /// The declared types of the result's columns as T-SQL writes them (`WITH RESULT SETS`),
    /// or none. A hint for conversion; the controller checks and converts in any case.
    pub result_types: Option<Vec<String>>,
    /// How the input's types are shown to the script.
    pub type_mapping: TypeMapping,
    /// Whether data may travel in memory that both sides share. Only for a worker that says that
    /// it [can](Ready::shared_memory).
    #[serde(default)]
    pub shared_memory: bool,
}

/// How SQL types are shown to scripts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TypeMapping {
    /// Every value that pandas can hold, as it is.
    #[default]
    Lossless,
    /// What SQL Server's own runtime shows, its losses and refusals included.
    SqlServer,
    /// Every value but bytes as its exact text.
    Text,
}

/// The name of no [`TypeMapping`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("one of lossless, sqlserver and text is expected")]
pub struct UnknownMapping;

/// The worker can run a script.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ready {
    /// The language and its version, e.g. `Python 3.11.7`.
    pub runtime: String,
    /// The version of the conversation that the worker speaks: 1 when it doesn't say.
    #[serde(default = "first_version")]
    pub version: u32,
    /// Whether the worker can share memory over this connection.
    #[serde(default)]
    pub shared_memory: bool,
}

/// The script failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failed {
    /// What to show: the traceback, or a sentence that names what is wrong with the output.
    pub traceback: String,
    /// The exception's type, e.g. `ValueError`.
    pub exception: String,
    /// The exception's own text.
    pub message: String,
    /// The limit that the exception tells of.
    #[serde(default)]
    pub exhausted: Option<Exhausted>,
}

/// A limit that shows itself to a script as an error of the system, by its setting's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exhausted {
    /// Bytes in `/tmp`.
    ScratchSize,
    /// Files in `/tmp`.
    ScratchFiles,
    /// Bytes in `/dev/shm`.
    SharedMemory,
    /// Open files of a process.
    OpenFiles,
    /// Bytes of one file, which follow from those of `/tmp` and `/dev/shm`.
    FileSize,
    /// Bytes that a process has locked in memory.
    LockedMemory,
    /// Signals and timers that are queued.
    PendingSignals,
}

/// A frame from the worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FromWorker {
    /// The worker waits for a request.
    Ready(Ready),
    /// The worker waits for the next batch of input.
    Pull,
    /// A piece of the output's Arrow IPC stream.
    Output(Bytes),
    /// Messages of the output's Arrow IPC stream, in memory that nobody changes any more.
    OutputSegment(Bytes),
    /// The output is complete, or that of a part.
    OutputEnd,
    /// A piece of the Arrow IPC stream of OUTPUT scalars.
    Results(Bytes),
    /// The script ended well; nothing follows.
    Done,
    /// The script failed; nothing follows.
    Failed(Failed),
}

/// The controller's side of one data connection: which frame is legal when.
#[derive(Debug)]
pub struct Conversation {
    state: State,
    pull_unanswered: bool,
    input_open: bool,
    parts: bool,
    shares_memory: bool,
    wants_results: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Until READY.
    Starting,
    /// From READY until RUN has been sent.
    Idle,
    /// The script runs, or its input is being read.
    Running,
    /// The output has begun.
    Output,
    /// The output is complete, or that of a part.
    OutputComplete,
    /// OUTPUT scalars have begun.
    Results,
    /// DONE or FAILED.
    Over,
}

// === impl TypeMapping ===

impl FromStr for TypeMapping {
    type Err = UnknownMapping;

    fn from_str(name: &str) -> Result<Self, UnknownMapping> {
        match name {
            "lossless" => Ok(TypeMapping::Lossless),
            "sqlserver" => Ok(TypeMapping::SqlServer),
            "text" => Ok(TypeMapping::Text),
            _ => Err(UnknownMapping),
        }
    }
}

/// The version of the conversation that knows parts.
const VERSION_WITH_PARTS: u32 = 2;

fn first_version() -> u32 {
    1
}

// === impl Ready ===

impl Ready {
    /// Whether the worker runs a script once for each part of its input.
    pub fn runs_parts(&self) -> bool {
        self.version >= VERSION_WITH_PARTS
    }
}

// === impl Request ===

impl Request {
    /// The frames that start a script: REQUEST, SCRIPT, PARAMETERS, RUN.
    ///
    /// `parameters` is a whole Arrow IPC stream (see `launchpod_exchange::scalars`), or empty
    /// when the call declares no parameters.
    ///
    /// # Errors
    /// Names and types don't fit a REQUEST frame.
    pub fn encode(
        &self,
        script: &str,
        parameters: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), FrameError> {
        frame::encode_message(Kind::Request, self, out)?;
        frame::encode_chunks(Kind::Script, script.as_bytes(), out)?;
        frame::encode_chunks(Kind::Parameters, parameters, out)?;
        frame::encode(Kind::Run, &[], out)
    }
}

// === impl Conversation ===

impl Default for Conversation {
    fn default() -> Self {
        Conversation {
            state: State::Starting,
            pull_unanswered: false,
            input_open: false,
            parts: false,
            shares_memory: false,
            wants_results: false,
        }
    }
}

impl Conversation {
    /// Notes that the request has been sent, with RUN. `wants_results`: a parameter is OUTPUT.
    pub fn run(&mut self, request: &Request, wants_results: bool) {
        self.state = State::Running;
        self.input_open = request.has_input;
        self.parts = request.parts;
        self.shares_memory = request.shared_memory;
        self.wants_results = wants_results;
    }

    /// Notes that PULLED or PART_END (`last` false) or INPUT_END (`last` true) has been sent.
    pub fn pulled(&mut self, last: bool) {
        self.pull_unanswered = false;
        if last {
            self.input_open = false;
        }
    }

    /// Whether DONE or FAILED has come.
    pub fn is_over(&self) -> bool {
        self.state == State::Over
    }

    /// Reads a frame that came from the worker. The payload of an OUTPUT_SEGMENT is the memory
    /// that it speaks of.
    ///
    /// # Errors
    /// A frame that is not legal now, or doesn't hold its message: the worker is to be killed.
    pub fn receive(&mut self, frame: Frame) -> Result<FromWorker, FrameError> {
        use State::{Idle, Output, OutputComplete, Over, Results, Running, Starting};
        let kind = frame.kind;
        if frame.payload.is_empty() && matches!(kind, Kind::Output | Kind::Results) {
            return Err(FrameError::Empty(kind));
        }
        let (next, message) = match (self.state, kind) {
            (Starting, Kind::Ready) => (Idle, FromWorker::Ready(frame.message()?)),
            (Running, Kind::Pull) if self.input_open && !self.pull_unanswered => {
                self.pull_unanswered = true;
                (Running, FromWorker::Pull)
            }
            // After the output of a part comes the next one.
            (OutputComplete, Kind::Pull) if self.parts && self.input_open => {
                self.pull_unanswered = true;
                (Running, FromWorker::Pull)
            }
            (Running | Output, Kind::Output) => (Output, FromWorker::Output(frame.payload)),
            (Running | Output, Kind::OutputSegment) if self.shares_memory => {
                (Output, FromWorker::OutputSegment(frame.payload))
            }
            (Output, Kind::OutputEnd) => (OutputComplete, FromWorker::OutputEnd),
            (Running | OutputComplete | Results, Kind::Results) if self.wants_results => {
                (Results, FromWorker::Results(frame.payload))
            }
            (Results, Kind::Done) => (Over, FromWorker::Done),
            (Running | OutputComplete, Kind::Done) if !self.wants_results => {
                (Over, FromWorker::Done)
            }
            (Running | Output | OutputComplete | Results, Kind::Failed) => {
                (Over, FromWorker::Failed(frame.message()?))
            }
            (state, kind) => {
                return Err(FrameError::Unexpected { kind, state: state.description() });
            }
        };
        self.state = next;
        Ok(message)
    }
}

impl State {
    fn description(self) -> &'static str {
        match self {
            State::Starting => "the worker starts",
            State::Idle => "no script runs",
            State::Running => "the script runs",
            State::Output => "output is being sent",
            State::OutputComplete => "output is complete",
            State::Results => "scalars are being sent",
            State::Over => "the script is over",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: Kind) -> Frame {
        let payload = match kind {
            Kind::Ready => Bytes::from_static(br#"{"runtime":"Python 3.11.7"}"#),
            Kind::Failed => {
                Bytes::from_static(br#"{"traceback":"T","exception":"E","message":"M"}"#)
            }
            Kind::Output | Kind::Results => Bytes::from_static(b"Arrow"),
            _ => Bytes::new(),
        };
        Frame { kind, payload }
    }

    fn request(has_input: bool, parts: bool) -> Request {
        Request {
            id: String::new(),
            input_name: String::new(),
            output_name: String::new(),
            has_input,
            parts,
            result_types: None,
            type_mapping: TypeMapping::default(),
            shared_memory: false,
        }
    }

    /// Feeds READY, notes RUN, and feeds the rest; whether all were legal.
    fn legal(has_input: bool, wants_results: bool, kinds: &[Kind]) -> bool {
        let mut conversation = Conversation::default();
        conversation.receive(frame(Kind::Ready)).unwrap();
        conversation.run(&request(has_input, false), wants_results);
        kinds.iter().all(|kind| conversation.receive(frame(*kind)).is_ok())
    }

    /// The same with input in parts: each PULL is answered, the last one with the end.
    fn legal_in_parts(kinds: &[Kind]) -> bool {
        let mut pulls = kinds.iter().filter(|kind| **kind == Kind::Pull).count();
        let mut conversation = Conversation::default();
        conversation.receive(frame(Kind::Ready)).unwrap();
        conversation.run(&request(true, true), true);
        kinds.iter().all(|kind| {
            let legal = conversation.receive(frame(*kind)).is_ok();
            if *kind == Kind::Pull {
                pulls -= 1;
                conversation.pulled(pulls == 0);
            }
            legal
        })
    }

    #[test]
    fn parts_have_an_output_each() {
        use Kind::{Done, Failed, Output, OutputEnd, Pull, Results};
        let two = [Pull, Output, OutputEnd, Pull, Pull, Output, Output, OutputEnd, Results, Done];
        assert!(legal_in_parts(&two));
        assert!(legal_in_parts(&[Pull, Pull, Results, Done]), "no output");
        assert!(legal_in_parts(&[Pull, Output, OutputEnd, Pull, Failed]));
        assert!(!legal_in_parts(&[Pull, Output, Pull]), "a part's output is not ended");
        assert!(!legal_in_parts(&[Pull, Output, OutputEnd, Output]), "two outputs of a part");
        assert!(!legal_in_parts(&[Pull, Output, OutputEnd, Pull, Results, Pull]));
        assert!(!legal(true, false, &[Output, OutputEnd, Pull]), "one part only");
    }

    #[test]
    fn memory_is_shared_only_when_it_was_asked_for() {
        for shared_memory in [false, true] {
            let mut conversation = Conversation::default();
            conversation.receive(frame(Kind::Ready)).unwrap();
            let request = Request { shared_memory, ..request(false, false) };
            conversation.run(&request, false);
            for _ in 0..2 {
                let legal = conversation.receive(frame(Kind::OutputSegment)).is_ok();
                assert_eq!(legal, shared_memory);
            }
            assert_eq!(conversation.receive(frame(Kind::OutputEnd)).is_ok(), shared_memory);
            assert!(conversation.receive(frame(Kind::OutputSegment)).is_err(), "after the end");
        }
    }

    #[test]
    fn a_worker_that_says_no_version_runs_no_parts() {
        let ready = |text: &str| serde_json::from_str::<Ready>(text).unwrap();
        assert!(!ready(r#"{"runtime":"Python 3.11.7"}"#).runs_parts());
        assert!(ready(r#"{"runtime":"Python 3.11.7","version":2}"#).runs_parts());
    }

    #[test]
    fn the_documented_orders_are_legal() {
        use Kind::{Done, Failed, Output, OutputEnd, Pull, Results};
        assert!(legal(false, false, &[Done]));
        assert!(legal(true, true, &[Pull, Output, Output, OutputEnd, Results, Done]));
        assert!(legal(true, false, &[Output, Failed]));
        assert!(legal(false, true, &[Results, Results, Done]));
    }

    #[test]
    fn every_other_order_is_not() {
        use Kind::{Done, Failed, Output, OutputEnd, Pull, Ready, Results};
        assert!(!legal(false, false, &[Pull]), "no input");
        assert!(!legal(true, false, &[Pull, Pull]), "two pulls at once");
        assert!(!legal(true, false, &[Output, Pull]), "input after output began");
        assert!(!legal(false, false, &[OutputEnd]), "end of nothing");
        assert!(!legal(false, false, &[Output, Done]), "output not ended");
        assert!(!legal(false, true, &[Done]), "scalars missing");
        assert!(!legal(false, false, &[Results]), "scalars not wanted");
        assert!(!legal(false, true, &[Results, Output]));
        assert!(!legal(false, false, &[Done, Done]));
        assert!(!legal(false, false, &[Failed, Done]));
        assert!(!legal(false, false, &[Ready]));
        assert!(!legal(false, false, &[Kind::Hello]));
    }

    #[test]
    fn a_piece_of_a_stream_is_never_empty() {
        for kind in [Kind::Output, Kind::Results] {
            let mut conversation = Conversation::default();
            conversation.receive(frame(Kind::Ready)).unwrap();
            conversation.run(&request(false, false), true);
            let error = conversation.receive(Frame { kind, payload: Bytes::new() }).unwrap_err();
            assert!(matches!(error, FrameError::Empty(empty) if empty == kind));
        }
    }

    #[test]
    fn nothing_is_legal_between_ready_and_run() {
        let mut conversation = Conversation::default();
        assert!(conversation.receive(frame(Kind::Done)).is_err());
        conversation.receive(frame(Kind::Ready)).unwrap();
        assert!(conversation.receive(frame(Kind::Output)).is_err());
        assert!(conversation.receive(frame(Kind::Failed)).is_err());
    }
}
