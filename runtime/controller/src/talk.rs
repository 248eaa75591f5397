//! The data connection of a running script: request out, input on demand, results in.

use std::os::fd::AsFd as _;
use std::time::Duration;

use arrow_array::RecordBatch;
use launchpod_exchange::convert::Converter;
use launchpod_exchange::protocol::data::{Conversation, FromWorker, Request};
use launchpod_exchange::stream::{Corrupt, Decoder, Limits as StreamLimits};
use launchpod_sandbox::{ChannelError, Receiver, Sender};
use launchpod_segment::Slot;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::error::{Ending, Resource};
use crate::feed::Feed;
use crate::messages::Subject;
use crate::progress::Progress;
use crate::quota::Quota;
use crate::report::Stage;
use crate::result_set::{ResultSet, refused};
use crate::run::ScriptEvent;
use crate::verdict::{Said, broken};

/// What OUTPUT parameters may hold in all (bytes): as much as one batch of a result.
const MAX_RESULTS: usize = 256 << 20;

/// How long the kernel gets to close the connection of a worker that is gone.
const END_WAIT: Duration = Duration::from_secs(1);

/// What a script is given, ready to be sent.
pub(crate) struct Job {
    pub(crate) request: Request,
    pub(crate) script: String,
    /// The Arrow stream of the parameters; empty when none is declared.
    pub(crate) parameters: Vec<u8>,
    pub(crate) wants_results: bool,
}

/// One script's conversation with its worker.
pub(crate) struct Talk<'a> {
    pub(crate) subject: Subject<'a>,
    pub(crate) receiver: Receiver,
    pub(crate) sender: Sender,
    pub(crate) conversation: Conversation,
    pub(crate) result_set: &'a ResultSet<'a>,
    pub(crate) quota: &'a Quota,
    pub(crate) config: &'a Config,
    pub(crate) time_limit: Option<Duration>,
    pub(crate) feed: Option<Feed>,
    /// Whether the script runs for each part of the input.
    pub(crate) in_parts: bool,
    /// Whether data travel in memory that both sides map.
    pub(crate) shares_memory: bool,
    pub(crate) events: &'a mpsc::Sender<ScriptEvent>,
    pub(crate) progress: &'a mut Progress,
    /// Fires when the worker is gone: nothing needs to be waited for but what it has sent.
    pub(crate) gone: CancellationToken,
    /// The output that is being received.
    pub(crate) output: Option<Decoder>,
    pub(crate) converter: Option<Converter>,
    /// The Arrow stream of the OUTPUT scalars, as far as it has come.
    pub(crate) results: Vec<u8>,
}

// === impl Talk ===

impl Talk<'_> {
    /// Hands the script over and follows it to its end. What [`Said::Done`] leaves is in
    /// `self.results`.
    pub(crate) async fn run(&mut self, job: &Job) -> Said {
        if self.shares_memory {
            self.receiver.share_memory();
            if let Some(feed) = &mut self.feed {
                feed.share_memory();
            }
        }
        match self.start(job).await {
            Ok(()) => {}
            Err(said) => return said,
        }
        loop {
            match self.step().await {
                Ok(()) => {}
                Err(said) => return said,
            }
        }
    }

    /// Whether the worker, which is gone after its [`Said::Done`], has said no more than that.
    pub(crate) async fn end(&mut self) -> Said {
        match timeout(END_WAIT, self.receiver.receive()).await {
            Ok(Ok(Some(frame))) => match self.conversation.receive(frame) {
                // Conversation lets nothing pass after DONE.
                Ok(_) => Said::Broken("A frame after DONE.".to_owned()),
                Err(error) => broken(&error),
            },
            Ok(Ok(None) | Err(ChannelError::Io(_))) | Err(_) => Said::Done,
            Ok(Err(error)) => broken(&error),
        }
    }

    async fn start(&mut self, job: &Job) -> Result<(), Said> {
        let request = Request { shared_memory: self.shares_memory, ..job.request.clone() };
        let mut frames = Vec::new();
        request
            .encode(&job.script, &job.parameters, &mut frames)
            .map_err(|error| Said::Ended(self.subject.internal(&error.to_string())))?;
        if self.receiver.has_more() {
            return Err(Said::Broken("The worker answered before it was asked.".to_owned()));
        }
        self.conversation.run(&request, job.wants_results);
        self.send(&frames, None).await?;
        if self.feed.is_none() {
            self.progress.reached(Stage::Input);
        }
        Ok(())
    }

    /// One frame from the worker.
    async fn step(&mut self) -> Result<(), Said> {
        let frame = match self.receiver.receive().await {
            Ok(Some(frame)) => frame,
            Ok(None) | Err(ChannelError::Io(_) | ChannelError::Truncated) => {
                return Err(Said::Closed);
            }
            Err(error) => return Err(broken(&error)),
        };
        match self.conversation.receive(frame).map_err(|error| broken(&error))? {
            FromWorker::Pull => self.answer_pull().await,
            FromWorker::Output(piece) => {
                self.take_output(piece.len(), |decoder| decoder.push(&piece)).await
            }
            FromWorker::OutputSegment(memory) => {
                self.take_output(memory.len(), |decoder| decoder.push_segment(memory)).await
            }
            FromWorker::OutputEnd => {
                // A part after it has a stream of its own.
                self.converter = None;
                match self.output.take() {
                    Some(decoder) => decoder.finish().map_err(|error| broken(&error)),
                    None => Ok(()),
                }
            }
            FromWorker::Results(piece) => {
                self.script_has_run();
                self.results.extend_from_slice(&piece);
                if self.results.len() > MAX_RESULTS {
                    return Err(Said::Broken(format!(
                        "OUTPUT parameters of more than {MAX_RESULTS} bytes from the worker."
                    )));
                }
                Ok(())
            }
            FromWorker::Done => {
                self.script_has_run();
                Err(Said::Done)
            }
            FromWorker::Failed(failed) => {
                self.script_has_run();
                Err(Said::Failed(failed))
            }
            // Conversation lets no second READY pass.
            FromWorker::Ready(_) => Err(Said::Broken("A second READY.".to_owned())),
        }
    }

    async fn answer_pull(&mut self) -> Result<(), Said> {
        // Conversation lets a PULL pass only while there is input.
        let Some(feed) = &mut self.feed else { return Ok(()) };
        let next = tokio::select! {
            next = feed.next() => next,
            () = self.gone.cancelled() => return Err(Said::Closed),
        };
        let answer = next.map_err(|error| Said::Ended(error.ending(self.subject)))?;
        self.progress.report.rows_in += answer.rows;
        self.progress.report.bytes_in += answer.bytes;
        self.send(&answer.frames, answer.memory.as_deref()).await?;
        self.conversation.pulled(answer.last);
        if answer.last {
            self.input_is_over();
        }
        Ok(())
    }

    /// The script takes no more input: its query need not go on.
    fn input_is_over(&mut self) {
        self.feed = None;
        self.progress.reached(Stage::Input);
    }

    /// The script has an end, or a result: the first of its outputs, or none.
    fn script_has_run(&mut self) {
        if self.in_parts {
            // The first part's: there may be more.
            self.progress.reached(Stage::Input);
        } else {
            self.input_is_over();
        }
        self.progress.reached(Stage::Script);
    }

    async fn take_output(
        &mut self,
        bytes: usize,
        push: impl FnOnce(&mut Decoder) -> Result<Vec<RecordBatch>, Corrupt>,
    ) -> Result<(), Said> {
        self.script_has_run();
        self.progress.report.bytes_out += bytes as u64;
        self.quota.take_result_bytes(bytes).map_err(|over| self.over(over))?;
        let decoder = self.output.get_or_insert_with(|| Decoder::new(StreamLimits::default()));
        let batches = push(decoder).map_err(|error| broken(&error))?;
        if self.converter.is_none()
            && let Some(schema) = decoder.schema()
        {
            self.converter = Some(self.result_set.converter(schema).await?);
        }
        for batch in batches {
            self.take_batch(&batch).await?;
        }
        Ok(())
    }

    async fn take_batch(&mut self, batch: &RecordBatch) -> Result<(), Said> {
        // A batch comes after its schema only.
        let Some(converter) = self.converter.clone() else { return Ok(()) };
        for converted in converter.convert(batch) {
            let converted = converted.map_err(|error| refused(&error))?;
            self.quota.take_result_rows(converted.num_rows()).map_err(|over| self.over(over))?;
            self.progress.report.rows_out += converted.num_rows() as u64;
            if converted.num_rows() > 0 {
                self.emit(ScriptEvent::Batch(converted)).await?;
            }
        }
        Ok(())
    }

    /// The result has more than it may.
    fn over(&self, resource: Resource) -> Said {
        Said::Ended(self.subject.resources(resource, self.config, self.time_limit))
    }

    async fn emit(&self, event: ScriptEvent) -> Result<(), Said> {
        self.events.send(event).await.map_err(|_| Said::Ended(Ending::cancelled()))
    }

    /// Sends frames, the first of which may announce memory.
    async fn send(&mut self, frames: &[u8], memory: Option<&Slot>) -> Result<(), Said> {
        let sender = &mut self.sender;
        let sending = async {
            match memory {
                Some(memory) => sender.send_descriptor(frames, memory.as_fd()).await,
                None => sender.send(frames).await,
            }
        };
        // The worker closed the connection, or is gone: what it had to say is still to be read.
        tokio::select! {
            sent = sending => sent.or(Ok(())),
            () = self.gone.cancelled() => Ok(()),
        }
    }
}
